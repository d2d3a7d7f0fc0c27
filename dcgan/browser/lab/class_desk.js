// Of a model that knows classes: which one is shown, the way from it to another, and the same z in each of them.

import { ClassChoice } from "../controls/class_choice.js";
import { classOf, classWords } from "../latent/classes.js";
import { pictureButton } from "./small_pictures.js";

const MOST_PICTURES = 20; // classes beyond them are chosen by name

export class ClassDesk {
  // act: { move(changes, event) while a hand is at it, done() when it has let go, settle(changes) at once,
  // zOf(label) the present z in a class }
  constructor(root, act) {
    Object.assign(this, { root, act, pictures: [] });
    [this.words, this.share, this.row] = [".mix", ".class-share", ".same"].map((name) => root.querySelector(name));
    this.first = new ClassChoice(root.querySelector(".class-first"), (label) => this.take(label));
    this.second = new ClassChoice(root.querySelector(".class-second"), (toward) =>
      act.settle({ toward, share: toward === null ? 0 : this.view.share || 0.5 }),
    );
    this.share.addEventListener("input", (event) => act.move({ share: Number(this.share.value) }, event));
    this.share.addEventListener("change", () => act.done());
    this.share.addEventListener("dblclick", () => act.settle({ share: 0 }));
  }

  // classes of a model's header, if it has any
  setClasses(classes) {
    this.root.hidden = !classes;
    if (!classes) return (this.pictures = []);
    for (const choice of [this.first, this.second]) choice.build(classes.names);
    const words = JSON.stringify(classes.names);
    if (words === this.built && this.pictures.length) return;
    this.built = words;
    const buttons = classes.names.slice(0, MOST_PICTURES).map((name, label) => {
      const button = pictureButton(`This z as ${name}`, () => this.take(this.view.label === label && !this.view.share ? null : label));
      button.dataset.testid = `class-${label}`;
      button.appendChild(document.createElement("span")).textContent = name;
      return button;
    });
    this.row.style.setProperty("--columns", Math.min(10, buttons.length));
    this.row.replaceChildren(...buttons);
    this.pictures = buttons.map((button, label) => ({ canvas: button.firstChild, z: () => this.act.zOf(label) }));
  }

  // a class by itself
  take(label) {
    this.act.settle({ label, toward: null, share: 0 });
  }

  show(view, header) {
    this.view = view;
    if (!header.classes) return;
    const found = classOf(view, header), { names } = header.classes, own = found && classOf({ ...view, label: null }, header);
    this.first.show(found && view.label < names.length ? view.label : null, found ? `${names[own.label]} (any)` : "none");
    this.second.show(found && view.toward < names.length ? view.toward : null, "none");
    this.share.disabled = !found || view.toward === null;
    for (const part of [this.first.select, this.second.select, ...this.row.children]) part.disabled = !found;
    if (Number(this.share.value) !== view.share) this.share.value = view.share;
    this.share.style.setProperty("--at", `${100 * view.share}%`);
    const words = !found ? "A given z has no class" : view.toward === null ? "To mix it with another, choose one" : classWords(view, header);
    if (this.words.textContent !== words) this.words.textContent = words;
    this.share.setAttribute("aria-valuetext", words);
    [...this.row.children].forEach((button, label) => {
      const shares = [[found?.label, 1 - (found?.share ?? 0)], [found?.toward, found?.share ?? 0]];
      button.setAttribute("aria-pressed", shares.some(([which, share]) => which === label && share > 0));
    });
  }
}
