// Real points drawn by hand on the plane: by the pointer, or by arrow keys and space.

import { MOST_DRAWN } from "./game_settings.js";
import { REACH } from "./lattice.js";

const GAP = 0.05; // of the plane between two points of one line
const KEY_STEP = 0.05; // by a key; with Shift four times as far
const EDGE_OF_HAND = 1.15;
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export class OwnPoints {
  // host: drawn() lists the points, or is null where nothing can be drawn now; set(points, done); moved(cursor) is told
  // where the keys are, null when they aren't
  constructor(canvas, host) {
    Object.assign(this, { canvas, host, cursor: [0, 0] });
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button || !host.drawn()) return;
      event.preventDefault();
      canvas.focus({ preventScroll: true });
      canvas.setPointerCapture(event.pointerId);
      this.add(this.placeOf(event), false);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!host.drawn() || !canvas.hasPointerCapture(event.pointerId)) return;
      const [x, y] = this.placeOf(event), [lastX, lastY] = host.drawn().at(-1) ?? [9, 9];
      if (Math.hypot(x - lastX, y - lastY) > GAP) this.add([x, y], false);
    });
    canvas.addEventListener("pointerup", () => host.drawn()?.length && host.set(host.drawn(), true));
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("focus", () => host.drawn() && canvas.matches(":focus-visible") && host.moved(this.cursor));
    canvas.addEventListener("blur", () => host.moved(null));
  }

  placeOf(event) {
    const { left, top, width } = this.canvas.getBoundingClientRect();
    return [(2 * (event.clientX - left)) / width - 1, 1 - (2 * (event.clientY - top)) / width].map((x) => inside(REACH * x));
  }

  key(event) {
    const way = WAYS[event.key], drawn = this.host.drawn();
    if (!drawn) return;
    if (way) this.cursor = this.cursor.map((x, i) => inside(x + way[i] * KEY_STEP * (event.shiftKey ? 4 : 1)));
    else if (event.key === " " || event.key === "Enter") this.add(this.cursor, true);
    else if (event.key === "Backspace" || event.key === "Delete") this.host.set(drawn.slice(0, -1), true);
    else return;
    event.preventDefault();
    event.stopPropagation();
    this.host.moved(this.cursor);
  }

  // beyond the most, the oldest goes
  add(place, done) {
    this.host.set([...this.host.drawn(), place].slice(-MOST_DRAWN), done);
  }
}

const inside = (x) => Math.max(-EDGE_OF_HAND, Math.min(EDGE_OF_HAND, x));
