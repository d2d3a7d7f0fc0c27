// Favourites: pictures that were kept, each with the run and step that drew it.

import { fromParams, toParams } from "../latent/views.js";

export class Favourites {
  // act: { here() says the run and step that draw now, told(view) its class in words, settle(view) goes to a favourite of them, commit(message) hears
  // of changes, and of a wish to go to one of another run or step }
  constructor(list, act) {
    Object.assign(this, { list, act, kept: [] }); // kept: { run, step, params, thumb }
  }

  keep(view, thumb) {
    const { run, step } = this.act.here();
    this.set([...this.kept, { run, step, params: toParams(view), thumb }]);
    this.tell();
  }

  set(kept) {
    this.kept = kept;
    this.list.replaceChildren(...kept.map((one, at) => this.item(one, at)));
  }

  tell() {
    this.act.commit({ favourites: this.kept.map(({ run, step, params }) => ({ run, step, params })) });
  }

  item(one, at) {
    const item = document.createElement("div");
    item.className = "favourite";
    item.setAttribute("role", "listitem");
    const go = document.createElement("button");
    go.type = "button";
    const words = this.isHere(one) && this.act.told(fromParams(one.params));
    go.title = `${one.run}, step ${one.step}, ${one.params.z ? "a given z" : `seed ${one.params.seed}`}${words ? `, ${words}` : ""}`;
    go.setAttribute("aria-label", `Favourite ${at + 1}: ${go.title}`);
    if (one.thumb) {
      const picture = document.createElement("img");
      [picture.src, picture.alt] = [one.thumb, ""];
      go.appendChild(picture);
    } else go.textContent = one.params.seed;
    const away = document.createElement("button");
    away.type = "button";
    away.className = "away";
    away.textContent = "×";
    away.setAttribute("aria-label", `Remove favourite ${at + 1}`);
    go.addEventListener("click", () => this.goTo(one, at));
    away.addEventListener("click", () => {
      this.set(this.kept.filter((other) => other !== one));
      this.tell();
    });
    item.append(go, away);
    return item;
  }

  goTo(one, at) {
    if (this.isHere(one)) this.act.settle(fromParams(one.params));
    else this.act.commit({ goto: at });
  }

  isHere({ run, step }) {
    const here = this.act.here();
    return run === here.run && step === here.step;
  }

  // those of the run and step that draw now
  views() {
    return this.kept.filter((one) => this.isHere(one)).map(({ params }) => fromParams(params));
  }
}
