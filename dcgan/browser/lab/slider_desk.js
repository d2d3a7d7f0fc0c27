// Which sliders are shown: those of z's dimensions or of a kind of axes, a page of them at a time, and what they are.

import { Sliders } from "../controls/sliders.js";

const PER_PAGE = 8;
const PLAIN_KIND = "dimensions";
const NO_AXES = { kind: PLAIN_KIND, kinds: [], rows: {}, directions: {} };
// while a kind's sliders are worked out, as many of nothing keep their place
const PLACEHOLDERS = Array.from({ length: PER_PAGE }, (_, i) => ({ slider: `x${i}`, name: "\u2026", strength: null, help: "" }));

export class SliderDesk {
  // act: that of Sliders, and { show() for other sliders, tell() of another kind }; `page` counts from 0
  constructor(root, act) {
    Object.assign(this, { act, page: 0, dims: [], axes: NO_AXES, kind: PLAIN_KIND });
    [this.kinds, this.caption, this.next] = [".kinds", ".caption", ".next"].map((name) => root.querySelector(name));
    this.rows = new Sliders(root.querySelector(".sliders"), act);
    this.next.addEventListener("click", () => this.turnPage((this.page + 1) % this.pages()));
  }

  // facts as `setFacts` of the laboratory takes them
  setFacts({ dims, measured, axes = NO_AXES }) {
    Object.assign(this, { dims, measured, axes });
    if (axes.kind !== this.givenKind) this.kind = this.givenKind = axes.kind;
    this.buildKinds();
  }

  // what the sliders can act on, if there is a choice
  buildKinds() {
    const { kinds } = this.axes, words = JSON.stringify(kinds);
    if (words === this.builtKinds) return;
    this.builtKinds = words;
    this.kinds.hidden = kinds.length < 2;
    this.kinds.replaceChildren(
      ...kinds.map(([kind, label, help]) => {
        const button = document.createElement("button");
        button.type = "button";
        Object.assign(button.dataset, { kind, testid: `axes-${kind}` });
        [button.textContent, button.title] = [label, help];
        button.addEventListener("click", () => this.takeKind(kind));
        return button;
      }),
    );
  }

  takeKind(kind) {
    if (kind === this.kind) return;
    [this.kind, this.page] = [kind, 0];
    this.act.show();
    this.act.tell();
  }

  turnPage(page) {
    this.page = page;
    this.act.show();
    this.act.done();
  }

  // the sliders of the chosen kind: list of { slider, name, strength, help }; null while they are worked out
  choices() {
    if (this.kind !== PLAIN_KIND) return this.axes.rows[this.kind]?.map(([slider, name, strength, help]) => ({ slider, name, strength, help })) ?? null;
    const raw = this.dims.map(([slider, strength]) => ({
      slider, name: `z[${slider}]`, strength, help: `Changes the picture by ${strength.toFixed(1)} of 255 grey levels.`,
    }));
    return raw.length ? raw : null;
  }

  pages() {
    return Math.max(1, Math.ceil((this.choices() ?? []).length / PER_PAGE));
  }

  // valueOf and reachOf as `show` of Sliders takes them
  show(view, valueOf, reachOf) {
    const choices = this.choices();
    if (choices) this.page %= this.pages();
    this.rows.build(choices?.slice(this.page * PER_PAGE, (this.page + 1) * PER_PAGE) ?? PLACEHOLDERS);
    this.rows.show(view, valueOf, reachOf, !choices);
  }

  showButtons() {
    const pages = this.pages(), text = this.page + 1 < pages ? `Next ${PER_PAGE}` : `First ${PER_PAGE}`, told = this.told();
    if (this.next.textContent !== text) this.next.textContent = text;
    this.next.disabled = pages < 2;
    this.next.title = `Sliders ${this.page + 1} of ${pages}. What you moved stays moved.`;
    if (this.caption.textContent !== told) this.caption.textContent = told;
    for (const button of this.kinds.children) button.setAttribute("aria-pressed", button.dataset.kind === this.kind);
  }

  // what the sliders are, in one or two sentences
  told() {
    const choices = this.choices();
    const [, , help] = this.axes.kinds.find(([kind]) => kind === this.kind) ?? [];
    if (!choices) return `${help} Working them out \u2026`;
    const first = this.page * PER_PAGE + 1, last = Math.min(choices.length, first + PER_PAGE - 1);
    if (this.kind !== PLAIN_KIND)
      return `${help} ${choices.length > PER_PAGE ? `${first} to ${last} of ${choices.length}, measured` : "Measured"} ${this.measured}; beside each, grey levels changed per standard deviation.`;
    const which = this.page ? `Places ${first} to ${last} among` : `The ${last} of`;
    return `${which} ${choices.length} numbers of z that change this model's pictures most, measured ${this.measured}; beside each, by how many of 255 grey levels.`;
  }
}
