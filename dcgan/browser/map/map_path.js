// The samples to morph through: those along a line that was drawn, or chosen one by one.

import { samplesAlong } from "./map_places.js";

const MOST_KEYS = 8;
const KEY_DISTANCE_PX = 60; // of a line, for each keyframe

export class MapPath {
  // map: where the samples lie; changed() hears of other keyframes
  constructor(map, changed) {
    Object.assign(this, { map, changed, keys: [], line: null });
  }

  // a line of places on the map as it is drawn; null: it was none
  follow(line, done) {
    if (!line) return this.clear();
    const { camera, xs, ys } = this.map;
    const length = line.slice(1).reduce((sum, [x, y], i) => sum + Math.hypot(x - line[i][0], y - line[i][1]), 0);
    const n = Math.min(MOST_KEYS, 2 + Math.floor((length * camera.scale) / KEY_DISTANCE_PX));
    const keys = samplesAlong(line, n, xs, ys);
    this.line = line;
    if (done && keys.length < 2) return this.clear();
    this.set(keys);
  }

  toggle(i) {
    const keys = this.keys.includes(i) ? this.keys.filter((key) => key !== i) : [...this.keys, i].slice(0, MOST_KEYS);
    this.line = keys.length > 1 ? keys.map((key) => [this.map.xs[key], this.map.ys[key]]) : null;
    this.set(keys);
  }

  clear() {
    this.line = null;
    this.set([]);
  }

  set(keys) {
    if (keys.join() === this.keys.join()) return this.map.draw();
    this.keys = keys;
    this.changed();
    this.map.draw();
  }
}
