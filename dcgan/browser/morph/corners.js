// A square of pictures between four seeds, and a point in it that a hand moves: the large picture follows. Each corner can
// be asked for a class, of a model that knows some.

import { ClassChoice } from "../controls/class_choice.js";
import { Fields } from "../controls/fields.js";
import { SeedField, newSeed } from "../controls/seed_field.js";
import { Engine } from "../engine/painter.js";
import { Sketches } from "../engine/sketches.js";
import { SETTLE_MS, Stage } from "../engine/stage.js";
import { classOf, classWords } from "../latent/classes.js";
import {
  FEWEST_PER_SIDE, MOST_PER_SIDE, PLAIN_SQUARE, cornerViews, fromSquareParams, keyZ, squareZ, toSquareParams,
} from "../latent/morphs.js";
import { MAX_SEED } from "../latent/views.js";

const NUDGE = 0.02; // of the square's side, by a key
const CORNER_NAMES = ["Top left", "Top right", "Bottom left", "Bottom right"];
const cornerFields = (at) => `
  <div class="corner"><label class="seed"><span>${CORNER_NAMES[at]}</span>
    <input type="number" min="0" max="${MAX_SEED}" step="1" inputmode="numeric" data-testid="corner-seed-${at}"></label>
    <select class="kind" aria-label="Class of the ${CORNER_NAMES[at].toLowerCase()} corner" hidden data-testid="corner-class-${at}"></select></div>`;

const SQUARE_MARKUP = `
<section class="stage">
  <canvas class="picture" data-testid="latent-canvas" data-frame="0" role="img" width="1" height="1"></canvas>
  <div class="bar by-class" hidden>
    <button class="through" type="button" data-testid="square-through">Through the classes</button>
    <button class="within" type="button" data-testid="square-within">Within one class</button></div>
  <p class="caption">Drag the point, or move it by the arrow keys: the picture follows. Between the corners it goes along the sphere of z, down both sides and then across.</p>
  <div class="fields">
    <label title="Along each side of the square"><span>Pictures per side <output></output></span>
      <input type="range" name="n" min="${FEWEST_PER_SIDE}" max="${MOST_PER_SIDE}" step="1" data-testid="corner-n"></label>
    <label title="Multiplies z. Below 1: more typical pictures, less variety."><span>Truncation <output></output></span>
      <input type="range" name="truncation" min="0" max="2" step="0.05" data-testid="corner-truncation"></label>
  </div>
</section>
<section class="field">
  <div class="bar">${cornerFields(0)}<button class="primary randomize" type="button" title="Four other seeds">Randomize</button>${cornerFields(1)}</div>
  <div class="square" data-testid="square"><canvas></canvas>
    <button class="point" type="button" data-testid="square-point"></button></div>
  <div class="bar below">${cornerFields(2)}<output class="where"></output>${cornerFields(3)}</div>
</section>`;

export class Corners {
  // host: commit({ corners }) hears of parameters that are meant to stay
  constructor(parent, host) {
    this.host = host;
    this.root = document.createElement("div");
    this.root.className = "lab corners";
    this.root.innerHTML = SQUARE_MARKUP;
    parent.appendChild(this.root);
    const find = (name) => this.root.querySelector(name);
    [this.picture, this.square, this.point, this.where, this.dice] = [".picture", ".square", ".point", ".where", ".randomize"].map(find);
    [this.byClass, this.through, this.within] = [".by-class", ".through", ".within"].map(find);
    this.sheet = this.square.firstChild;
    this.seeds = [...this.root.querySelectorAll(".seed input")].map(
      (input, at) => new SeedField(input, (seed) => this.set({ seeds: this.now.seeds.with(at, seed) })),
    );
    this.kinds = [...this.root.querySelectorAll(".kind")].map(
      (select, at) => new ClassChoice(select, (label) => this.set({ labels: this.now.labels.with(at, label) })),
    );
    this.fields = new Fields(this.root, PLAIN_SQUARE, (changes, done) => this.set(changes, done));
    this.stage = new Stage(this.picture);
    this.now = PLAIN_SQUARE;
    this.committed = toSquareParams(PLAIN_SQUARE);
    this.listen();
    this.show();
  }

  // ---- what the page gives

  setModel(file, kernels) {
    this.closeModel();
    this.engine = new Engine(file, kernels);
    this.stage.setEngine(this.engine);
    this.sketches = new Sketches(this.engine);
    this.drawn = this.corners = null; // its z may be others
    this.show();
  }

  closeModel() {
    this.sketches?.end();
    this.engine?.end();
  }

  setFacts() {}
  setFavourites() {}
  tell() {}

  setParams(params) {
    this.now = fromSquareParams(params);
    this.committed = toSquareParams(this.now);
    this.show();
  }

  // ---- controls

  listen() {
    const go = (event) => {
      const { left, top, width, height } = this.square.getBoundingClientRect(), { n } = this.now;
      // a corner of the field is in the middle of its picture
      const share = (x) => Math.min(1, Math.max(0, (x * n - 0.5) / (n - 1)));
      this.set({ at: [share((event.clientX - left) / width), share((event.clientY - top) / height)] }, false, event.timeStamp);
    };
    this.square.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      event.preventDefault();
      this.square.setPointerCapture(event.pointerId);
      this.point.focus({ preventScroll: true });
      this.square.classList.add("held");
      go(event);
    });
    this.square.addEventListener("pointermove", (event) => this.square.hasPointerCapture(event.pointerId) && go(event));
    for (const type of ["pointerup", "pointercancel"])
      this.square.addEventListener(type, () => {
        this.square.classList.remove("held");
        this.set({});
      });
    this.point.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!way) return;
      event.preventDefault();
      const far = event.shiftKey ? 1 / (this.now.n - 1) : NUDGE;
      this.set({ at: this.now.at.map((x, i) => Math.min(1, Math.max(0, x + far * way[i]))) }, false, event.timeStamp);
      clearTimeout(this.soon);
      this.soon = setTimeout(() => this.set({}), SETTLE_MS);
    });
    this.dice.addEventListener("click", () => this.set({ seeds: this.now.seeds.map(newSeed) }));
    this.through.addEventListener("click", () => this.set(this.throughClasses()));
    this.within.addEventListener("click", () => {
      const [label] = this.labels(), [seed] = this.now.seeds;
      this.set({ seeds: [seed, newSeed(), newSeed(), newSeed()], labels: Array(4).fill(label) });
    });
  }

  // the class that each corner shows, whether it was asked for or not
  labels() {
    return cornerViews(this.now).map((view) => classOf(view, this.engine.header).label);
  }

  // the top left corner's seed in its class and the three after it; where it is so already, in the four after those
  throughClasses() {
    const { seeds } = this.now, shown = this.labels(), count = this.engine.header.classes.names.length;
    const from = (first) => shown.map((_, i) => (first + i) % count);
    const done = seeds.every((seed) => seed === seeds[0]) && String(shown) === String(from(shown[0]));
    return { seeds: seeds.map(() => seeds[0]), labels: from(shown[0] + (done ? 4 : 0)) };
  }

  set(changes, done = true, stamp = performance.now()) {
    this.now = { ...this.now, ...changes };
    this.show(stamp);
    const params = toSquareParams(this.now);
    if (!done || JSON.stringify(params) === JSON.stringify(this.committed)) return;
    this.committed = params;
    this.host.commit({ corners: params });
  }

  // ---- what is seen

  show(stamp) {
    const { now, point } = this, [x, y] = now.at;
    this.seeds.forEach((field, i) => field.show(now.seeds[i]));
    this.fields.show(now);
    [point.style.left, point.style.top] = [x, y].map((share) => `${(100 * (share * (now.n - 1) + 0.5)) / now.n}%`);
    const where = `${Math.round(100 * x)}\u00a0% across, ${Math.round(100 * y)}\u00a0% down`;
    this.where.textContent = where;
    point.setAttribute("aria-label", `Point in the square: ${where}`);
    this.picture.setAttribute("aria-label", `Between the seeds ${now.seeds.join(", ")}: ${where}`);
    if (!this.engine) return;
    const { header } = this.engine;
    this.showClasses(header, where);
    const corners = JSON.stringify([now.seeds, now.labels, now.truncation]);
    if (corners !== this.corners) {
      this.corners = corners;
      this.zs = cornerViews(now).map((view) => keyZ(view, now.truncation, header));
    }
    this.stage.show(squareZ(this.zs, x, y), stamp);
    this.drawSheet(corners);
  }

  showClasses(header, where) {
    const views = cornerViews(this.now), { classes } = header;
    this.kinds.forEach((kind, i) => kind.follow(views[i], header));
    this.byClass.hidden = !classes;
    if (!classes) return;
    const words = views.map((view) => `${view.seed} as ${classWords(view, header)}`);
    this.picture.setAttribute("aria-label", `Between the seeds ${words.join(", ")}: ${where}`);
    const again = classes.names.length > 4 ? "; again: in the next four" : "";
    this.through.title = `The z of the top left corner, seed ${views[0].seed}, in four classes${again}`;
    this.within.title = `Other seeds, all of the top left corner's class, ${classWords(views[0], header)}`;
  }

  // all of the square, those near the point first
  drawSheet(corners) {
    const { n, at } = this.now, { size } = this.engine.header, name = `${corners} ${n}`;
    if (name === this.drawn) return;
    this.drawn = name;
    if (this.sheet.width !== n * size) this.sheet.width = this.sheet.height = n * size;
    const pen = this.sheet.getContext("2d");
    const cells = Array.from({ length: n * n }, (_, i) => [i % n, Math.floor(i / n)]);
    const far = ([column, row]) => Math.hypot(column / (n - 1) - at[0], row / (n - 1) - at[1]);
    cells.sort((a, b) => far(a) - far(b));
    this.sketches.draw(
      cells.map(([column, row]) => ({
        z: squareZ(this.zs, column / (n - 1), row / (n - 1)),
        paint: (image) => this.sheet.width === n * size && pen.putImageData(image, column * size, row * size),
      })),
    );
  }

  end() {
    clearTimeout(this.soon);
    this.stage.end();
    this.closeModel();
    this.root.remove();
  }
}
