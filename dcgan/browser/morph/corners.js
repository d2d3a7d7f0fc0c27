// A square of pictures between four seeds, and a point in it that a hand moves: the large picture follows.

import { Fields } from "../controls/fields.js";
import { SeedField } from "../controls/seed_field.js";
import { Engine } from "../engine/painter.js";
import { Sketches } from "../engine/sketches.js";
import { SETTLE_MS, Stage } from "../engine/stage.js";
import {
  FEWEST_PER_SIDE, MOST_PER_SIDE, PLAIN_SQUARE, fromSquareParams, keyZ, ofSeed, squareZ, toSquareParams,
} from "../latent/morphs.js";
import { MAX_SEED } from "../latent/views.js";

const NUDGE = 0.02; // of the square's side, by a key
const CORNER_NAMES = ["Top left", "Top right", "Bottom left", "Bottom right"];
const seedField = (at) => `
  <label class="seed"><span>${CORNER_NAMES[at]}</span>
    <input type="number" min="0" max="${MAX_SEED}" step="1" inputmode="numeric" data-testid="corner-seed-${at}"></label>`;

const SQUARE_MARKUP = `
<section class="stage">
  <canvas class="picture" data-testid="latent-canvas" data-frame="0" role="img" width="1" height="1"></canvas>
  <p class="caption">Drag the point, or move it by the arrow keys: the picture follows. Between the corners it goes along the sphere of z, down both sides and then across.</p>
  <div class="fields">
    <label title="Along each side of the square"><span>Pictures per side <output></output></span>
      <input type="range" name="n" min="${FEWEST_PER_SIDE}" max="${MOST_PER_SIDE}" step="1" data-testid="corner-n"></label>
    <label title="Multiplies z. Below 1: more typical pictures, less variety."><span>Truncation <output></output></span>
      <input type="range" name="truncation" min="0" max="2" step="0.05" data-testid="corner-truncation"></label>
  </div>
</section>
<section class="field">
  <div class="bar">${seedField(0)}<button class="primary randomize" type="button" title="Four other seeds">Randomize</button>${seedField(1)}</div>
  <div class="square" data-testid="square"><canvas></canvas>
    <button class="point" type="button" data-testid="square-point"></button></div>
  <div class="bar">${seedField(2)}<output class="where"></output>${seedField(3)}</div>
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
    this.sheet = this.square.firstChild;
    this.seeds = [...this.root.querySelectorAll(".seed input")].map(
      (input, at) => new SeedField(input, (seed) => this.set({ seeds: this.now.seeds.with(at, seed) })),
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
    this.drawn = null;
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
    this.dice.addEventListener("click", () => this.set({ seeds: this.now.seeds.map(() => Math.floor(Math.random() * 100000)) }));
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
    const where = `${Math.round(100 * x)} % across, ${Math.round(100 * y)} % down`;
    this.where.textContent = where;
    point.setAttribute("aria-label", `Point in the square: ${where}`);
    this.picture.setAttribute("aria-label", `Between the seeds ${now.seeds.join(", ")}: ${where}`);
    if (!this.engine) return;
    const { header } = this.engine;
    const corners = JSON.stringify([now.seeds, now.truncation]);
    if (corners !== this.corners) {
      this.corners = corners;
      this.zs = now.seeds.map((seed) => keyZ(ofSeed(seed), now.truncation, header));
    }
    this.stage.show(squareZ(this.zs, x, y), stamp);
    this.drawSheet(corners);
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
