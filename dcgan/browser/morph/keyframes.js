// Keyframes as a row of small pictures: dragged or moved by keys into another order, added, copied, removed.

import { ClassChoice } from "../controls/class_choice.js";
import { icon } from "../controls/icons.js";
import { Reorder } from "../controls/reorder.js";
import { SeedField, newSeed } from "../controls/seed_field.js";
import { classOf, classWords } from "../latent/classes.js";
import { MAX_KEYS, beyondSeed, ofSeed } from "../latent/morphs.js";
import { MAX_SEED } from "../latent/views.js";

const SLIDE_MS = 160;
const FEW = 8; // keyframes that leave room beside them for all that adds some

export class Keyframes {
  // host: change(keys, done) hears of every change, done when the hand has let go; seek(place) of a click;
  // picture(file) of a file that was chosen
  constructor(parent, host) {
    Object.assign(this, { host, cards: [], favourites: [], header: {} });
    parent.innerHTML = `
      <div class="row" role="list" aria-label="Keyframes">
        <div class="adds">
          <button class="add" type="button" title="One more keyframe, of a random seed" data-testid="key-add">${icon("plus")}Seed</button>
          <button class="choose" type="button" title="A picture saved here becomes a keyframe: its recipe says how to draw it. You may also drop it anywhere on the player.">${icon("picture")}Picture</button>
          <button class="through by-class" type="button" hidden data-testid="key-through">Through the classes</button>
          <button class="within by-class" type="button" hidden data-testid="key-within">Within one class</button>
          <input type="file" accept="image/png,image/gif,image/webp" hidden data-testid="key-file">
        </div>
      </div>
      <div class="shelf" hidden><span>Favourites</span><div class="favourites" role="list" aria-label="Favourites"></div></div>
      <p class="told" role="status"></p>`;
    [this.row, this.add, this.choose, this.through, this.within, this.file, this.shelf, this.list, this.told] = [
      ".row", ".add", ".choose", ".through", ".within", "input", ".shelf", ".favourites", ".told",
    ].map((name) => parent.querySelector(name));
    this.reorder = new Reorder(this.row, this);
    this.add.addEventListener("click", () => this.insert(ofSeed(newSeed())));
    this.through.addEventListener("click", () => this.goThrough());
    this.within.addEventListener("click", () => this.stayWithin());
    this.choose.addEventListener("click", () => this.file.click());
    this.file.addEventListener("change", () => {
      if (this.file.files[0]) this.host.picture(this.file.files[0]);
      this.file.value = "";
    });
  }

  get keys() {
    return this.cards.map(({ view }) => view);
  }

  // the same object is the same keyframe, wherever it stands
  show(keys) {
    const free = [...this.cards];
    const old = (view) => {
      const at = free.findIndex((card) => card.view === view);
      return at < 0 ? null : free.splice(at, 1)[0];
    };
    this.cards = keys.map((view) => old(view) ?? this.build(view));
    for (const { node } of free) node.remove();
    for (const { node } of this.cards) if (node.parentNode !== this.row) this.row.insertBefore(node, this.row.lastElementChild);
    this.label();
  }

  // that of the model, which may know classes
  setHeader(header) {
    this.header = header;
    this.through.hidden = this.within.hidden = !header.classes;
    this.label();
  }

  // a keyframe in a few words
  wordsOf(view) {
    const kind = classWords(view, this.header), more = beyondSeed({ ...view, label: null, toward: null });
    return `seed ${view.seed}${kind && `, ${kind}`}${more ? ", and more" : ""}`;
  }

  // what a place says, and where it stands; the tiles stay where they are in the page while a hand holds one
  label() {
    const full = this.cards.length >= MAX_KEYS;
    this.cards.forEach(({ node, face, seed, kind, view, remove, copy }, i) => {
      node.style.order = i;
      face.setAttribute("aria-label", `Keyframe ${i + 1} of ${this.cards.length}: ${this.wordsOf(view)}`);
      face.title = "Drag it to another place, or use Shift and the arrow keys; click: go there; Delete: remove; D: duplicate";
      node.dataset.testid = `key-${i}`;
      seed.input.setAttribute("aria-label", `Seed of keyframe ${i + 1}`);
      seed.show(view.seed);
      const more = beyondSeed({ ...view, label: null });
      node.classList.toggle("more", Boolean(more));
      seed.input.title = more ? `Seed ${view.seed}, with ${more.replaceAll(";", ", ").replaceAll(":", " ")}` : "";
      this.showKind(kind, view, i);
      remove.disabled = this.cards.length <= 2;
      copy.disabled = full;
    });
    this.add.disabled = this.choose.disabled = full;
    if (!this.header.classes) return;
    this.add.parentNode.classList.toggle("flat", this.cards.length > FEW);
    const { view } = this.picked();
    this.through.title = `The z of the picked keyframe, seed ${view.seed}, in each class${this.header.classes.names.length > MAX_KEYS ? `, of the first ${MAX_KEYS}` : ""}`;
    this.within.title = `Other seeds, all of the picked keyframe's class, ${this.header.classes.names[this.classOf(view)]}`;
  }

  // the choice of a keyframe's class, of a model that knows classes
  showKind(kind, view, place) {
    kind.follow(view, this.header);
    kind.select.setAttribute("aria-label", `Class of keyframe ${place + 1}`);
    kind.select.dataset.testid = `key-class-${place}`;
  }

  classOf(view) {
    return classOf({ ...view, z: "" }, this.header).label;
  }

  picked() {
    return this.cards.find(({ node }) => node.classList.contains("picked")) ?? this.cards[0];
  }

  // the picked keyframe's z in every class
  goThrough() {
    const { view } = this.picked(), base = view.z ? ofSeed(view.seed) : view;
    const labels = this.header.classes.names.slice(0, MAX_KEYS).map((_, label) => label);
    this.show(labels.map((label) => ({ ...base, label, toward: null, share: 0 })));
    this.changed();
  }

  // the picked keyframe's class at other seeds
  stayWithin() {
    const { view } = this.picked(), label = this.classOf(view), first = view.z ? ofSeed(view.seed) : view;
    const alone = { label, toward: null, share: 0 };
    this.show(this.cards.map((_, i) => ({ ...(i ? ofSeed(newSeed()) : first), ...alone })));
    this.changed();
  }

  build(view) {
    const node = document.createElement("div");
    node.className = "key";
    node.setAttribute("role", "listitem");
    node.innerHTML = `
      <button class="face" type="button"><canvas></canvas></button>
      <button class="tool copy" type="button" aria-label="Duplicate" title="Duplicate">${icon("copy")}</button>
      <button class="tool remove" type="button" aria-label="Remove" title="Remove; two always stay">${icon("cross")}</button>
      <input class="seed" type="number" min="0" max="${MAX_SEED}" step="1" inputmode="numeric">
      <select class="kind" hidden></select>`;
    const [face, canvas, input, select, remove, copy] = [".face", "canvas", ".seed", ".kind", ".remove", ".copy"].map((name) => node.querySelector(name));
    const card = { node, face, canvas, remove, copy, view };
    const change = (other) => {
      card.view = other;
      this.changed();
    };
    card.seed = new SeedField(input, (seed) => {
      const { label, toward, share } = card.view;
      if (seed !== card.view.seed) change({ ...ofSeed(seed), label, toward, share });
    });
    card.kind = new ClassChoice(select, (label) => change({ ...card.view, label, toward: null, share: 0 }));
    remove.addEventListener("click", () => this.take(card));
    copy.addEventListener("click", () => this.insert({ ...card.view }, this.cards.indexOf(card) + 1));
    face.addEventListener("keydown", (event) => this.key(card, event));
    face.addEventListener("click", () => {
      if (this.reorder.dragged) return;
      for (const other of this.cards) other.node.classList.toggle("picked", other === card);
      this.label();
      this.host.seek(this.cards.indexOf(card));
    });
    this.reorder.listen(card);
    return card;
  }

  // ---- what is done to keyframes

  changed(done = true) {
    this.label();
    this.host.change(this.keys, done);
  }

  insert(view, at = this.cards.length) {
    if (this.cards.length >= MAX_KEYS) return this.tell(`There is room for ${MAX_KEYS} keyframes: remove one first.`);
    const card = this.build(view);
    this.cards.splice(at, 0, card);
    this.row.insertBefore(card.node, this.cards[at + 1]?.node ?? this.row.lastElementChild);
    this.changed();
  }

  take(card) {
    if (this.cards.length <= 2) return;
    const at = this.cards.indexOf(card);
    this.cards.splice(at, 1);
    card.node.remove();
    this.changed();
    this.cards[Math.min(at, this.cards.length - 1)].face.focus();
  }

  // to another place; the others make way
  move(card, to, done = false) {
    const before = new Map(this.cards.map(({ node }) => [node, [node.offsetLeft, node.offsetTop]]));
    this.cards.splice(this.cards.indexOf(card), 1);
    this.cards.splice(to, 0, card);
    this.changed(done);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    for (const { node } of this.cards) {
      const [x, y] = [before.get(node)[0] - node.offsetLeft, before.get(node)[1] - node.offsetTop];
      if ((x || y) && node !== this.reorder.grab?.card.node)
        node.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }], { duration: SLIDE_MS, easing: "ease-out" });
    }
  }

  key(card, event) {
    const at = this.cards.indexOf(card), last = this.cards.length - 1;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      if (to < 0 || to > last) return;
      if (!event.shiftKey) return this.cards[to].face.focus();
      this.move(card, to, true);
      this.settleOrder();
      card.face.focus();
      this.tell(`Keyframe moved to place ${to + 1} of ${last + 1}.`, true);
    } else if (event.key === "Delete" || event.key === "Backspace") this.take(card);
    else if (event.key.toLowerCase() === "d" && !event.ctrlKey && !event.metaKey) this.insert({ ...card.view }, at + 1);
    else return;
    event.preventDefault();
  }

  // the order in the page is that of the eye, for whoever goes from tile to tile by keys
  settleOrder() {
    for (const { node } of this.cards) this.row.insertBefore(node, this.row.lastElementChild);
  }

  // a hand has let go of a tile
  dropped() {
    this.settleOrder();
    this.changed();
  }

  // a sentence beside the row; or only for those who can't see what happened
  tell(words, quietly = false) {
    this.told.textContent = words;
    this.told.classList.toggle("quiet", quietly);
  }

  // ---- favourites: kept on the page of the live picture, offered here

  showFavourites(views) {
    this.shelf.hidden = !views.length;
    this.favourites = views.map((view) => {
      const button = document.createElement("button");
      button.type = "button";
      button.title = `Add as a keyframe: ${this.wordsOf(view)}`;
      button.setAttribute("aria-label", button.title);
      const canvas = button.appendChild(document.createElement("canvas"));
      button.addEventListener("click", () => this.insert({ ...view }));
      return { button, canvas, view };
    });
    this.list.replaceChildren(...this.favourites.map(({ button }) => button));
  }
}

export function paintOn(canvas) {
  return (image) => {
    if (canvas.width !== image.width) canvas.width = canvas.height = image.width;
    canvas.getContext("2d").putImageData(image, 0, 0);
  };
}
