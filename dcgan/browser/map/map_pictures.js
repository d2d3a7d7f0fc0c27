// The samples' pictures, drawn when they come into sight, a few at a time, off the page's thread; kept while there is
// room.

import { Painter } from "../engine/painter.js";
import { baseZ, finishZ } from "../latent/latent.js";
import { PLAIN_VIEW } from "../latent/views.js";

const PICTURES_AT_ONCE = 4; // pictures of one order: the next can be of what is in sight by then
const MOST_PICTURE_MEMORY = 64e6; // bytes

export class MapPictures {
  // seedOf(i): of a sample; arrived() hears of new pictures
  constructor(file, seedOf, arrived) {
    Object.assign(this, { seedOf, arrived, kept: new Map(), wanted: [] });
    this.painter = new Painter(file, undefined, false);
    this.size = this.painter.header.size;
    this.most = Math.max(400, Math.floor(MOST_PICTURE_MEMORY / (4 * this.size ** 2)));
  }

  // { canvas, at } with the time it came, or undefined
  get(i) {
    return this.kept.get(i);
  }

  // what is to be drawn, the first first; what was wanted before is not wanted any more
  want(samples) {
    this.wanted = samples;
    if (!this.busy) this.next();
  }

  next() {
    const now = this.wanted.filter((i) => !this.kept.has(i)).slice(0, PICTURES_AT_ONCE);
    this.busy = now.length > 0 && !this.ended;
    if (!this.busy) return;
    const { header } = this.painter;
    const views = now.map((i) => ({ ...PLAIN_VIEW, seed: this.seedOf(i) }));
    const batch = views.map((view) => finishZ(baseZ(view, header), view, header)); // of the class that each seed shows
    this.painter.draw(batch, (pictures) => {
      if (this.ended) return;
      pictures.forEach((pixels, k) => this.keep(now[k], pixels));
      this.arrived();
      if (this.painter.network) requestAnimationFrame(() => this.next()); // the page itself had to draw
      else this.next();
    });
  }

  keep(i, pixels) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = this.size;
    canvas.getContext("2d").putImageData(new ImageData(pixels.slice(), this.size), 0, 0);
    this.kept.set(i, { canvas, at: performance.now() });
    if (this.kept.size > this.most) this.kept.delete(this.kept.keys().next().value);
  }

  end() {
    this.ended = true;
    this.painter.end();
  }
}
