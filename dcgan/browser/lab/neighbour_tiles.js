// The small pictures of the neighbours: drawn at once where that is no work, else one by one beside the large picture.

import { NUM_NEIGHBOURS } from "../latent/views.js";

const SMOOTH_MS = 20; // between two large pictures that come as fast as the screen takes them
const REST_MS = 120; // after which the hand is still

export class NeighbourTiles {
  // zOf(i) is neighbour i's z, from 1; go(i) hears of a click
  constructor(parent, zOf, go) {
    Object.assign(this, { parent, zOf, drawn: 0 });
    for (let i = 1; i <= NUM_NEIGHBOURS; i++) {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.testid = `tile-${i - 1}`;
      button.title = `Go to neighbour ${i}`;
      button.setAttribute("aria-label", button.title);
      button.appendChild(document.createElement("canvas"));
      button.addEventListener("click", () => go(i));
      parent.appendChild(button);
    }
  }

  setEngine(engine) {
    Object.assign(this, { engine, busy: null });
    const { size } = engine.header;
    for (const canvas of this.parent.querySelectorAll("canvas"))
      if (canvas.width !== size) canvas.width = canvas.height = size;
  }

  // all of them have to be drawn again, as fast as they come
  draw() {
    this.due = NUM_NEIGHBOURS;
    if (!this.engine.light) {
      clearTimeout(this.soon);
      this.resting = false;
      this.soon = setTimeout(() => {
        this.resting = true; // no waiting for large pictures
        this.drawNext();
      }, REST_MS);
    } else this.request ??= requestAnimationFrame(() => this.drawAll());
  }

  drawAll() {
    this.request = null;
    for (let i = 1; i <= NUM_NEIGHBOURS; i++) this.engine.others.draw([this.zOf(i)], ([pixels]) => this.paint(i, pixels));
    this.due = 0;
  }

  drawNext() {
    if (!this.due || this.busy) return;
    const engine = this.engine, i = (this.drawn++ % NUM_NEIGHBOURS) + 1;
    this.busy = engine;
    this.due--;
    engine.others.draw([this.zOf(i)], ([pixels]) => {
      if (this.busy === engine) this.busy = null;
      if (this.engine !== engine) return;
      this.paint(i, pixels);
      if (this.resting) this.drawNext();
    });
  }

  // one small picture for every large one, while the large ones come as fast as the screen takes them; else some
  afterLarge(frames) {
    const smooth = performance.now() - this.paintedAt < SMOOTH_MS;
    this.paintedAt = performance.now();
    if (!this.engine.light && (smooth || frames % 8 === 0)) this.drawNext();
  }

  paint(i, pixels) {
    const canvas = this.parent.children[i - 1].firstChild;
    if (pixels.length !== 4 * canvas.width ** 2) return;
    canvas.getContext("2d").putImageData(new ImageData(pixels.slice(), canvas.width), 0, 0);
  }

  end() {
    clearTimeout(this.soon);
  }
}
