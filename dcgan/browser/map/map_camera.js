// What of a map is in sight: the place in the middle of the canvas, and how many pixels the map's side of 1 takes. It
// glides to where it was sent; what a hand drags follows at once.

const GLIDE_MS = 90; // in which two thirds of the way are gone
const MAP_MARGIN = 0.06; // of the canvas, around the whole map
const MOST_ZOOM = 60, LEAST_ZOOM = 0.8; // of the whole map in sight
const ARRIVED = 1e-4;

export class MapCamera {
  constructor() {
    Object.assign(this, { width: 1, height: 1, x: 0.5, y: 0.5, scale: 1 });
    this.fit();
    this.arrive();
  }

  get whole() {
    return (1 - 2 * MAP_MARGIN) * Math.min(this.width, this.height); // the scale at which all of the map is in sight
  }

  get zoom() {
    return this.scale / this.whole;
  }

  // the same part of the map stays in sight
  resize(width, height) {
    const zoom = this.to.scale / this.whole;
    Object.assign(this, { width, height });
    this.to.scale = zoom * this.whole;
    this.arrive();
  }

  fit() {
    this.to = { x: 0.5, y: 0.5, scale: this.whole };
  }

  onScreen(x, y) {
    return [(x - this.x) * this.scale + this.width / 2, (y - this.y) * this.scale + this.height / 2];
  }

  onMap(left, top) {
    return [this.x + (left - this.width / 2) / this.scale, this.y + (top - this.height / 2) / this.scale];
  }

  // by pixels, at once
  drag(across, down) {
    this.to = this.bounded({ ...this.to, x: this.x - across / this.scale, y: this.y - down / this.scale });
    this.to.scale = this.scale;
    this.arrive();
  }

  goTo(x, y, scale = this.to.scale) {
    this.to = this.bounded({ x, y, scale });
  }

  // the place under these pixels stays there
  zoomAt(factor, left, top) {
    const { to } = this, [across, down] = [left - this.width / 2, top - this.height / 2];
    const scale = Math.min(MOST_ZOOM * this.whole, Math.max(LEAST_ZOOM * this.whole, to.scale * factor));
    const [x, y] = [to.x + across / to.scale, to.y + down / to.scale];
    this.to = this.bounded({ x: x - across / scale, y: y - down / scale, scale });
  }

  atLeast() {
    return this.to.scale <= LEAST_ZOOM * this.whole * (1 + ARRIVED);
  }

  bounded({ x, y, scale }) {
    const inside = (at) => Math.min(1, Math.max(0, at));
    return { x: inside(x), y: inside(y), scale };
  }

  arrive() {
    Object.assign(this, this.to);
  }

  // Goes on for so many milliseconds; answers whether there is more to go. The inverse of the scale goes linearly with
  // the place, so that the place under the pointer stays there all the way.
  glide(ms) {
    const share = 1 - Math.exp(-ms / GLIDE_MS), { to } = this;
    this.x += share * (to.x - this.x);
    this.y += share * (to.y - this.y);
    this.scale = 1 / (1 / this.scale + share * (1 / to.scale - 1 / this.scale));
    const left = Math.max(Math.abs(to.scale / this.scale - 1), this.scale * Math.hypot(to.x - this.x, to.y - this.y) / this.width);
    if (left < ARRIVED) this.arrive();
    return left >= ARRIVED;
  }
}
