// The seed wheel: dragged, scrolled or turned by keys, from seed to seed.

import { MAX_SEED } from "../latent/views.js";

const WHEEL_PX = 9; // between two seeds
const SEEDS_OF_KEY = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };

export class SeedWheel {
  // act: { seed() that it stands at, turn(seed, event) while a hand is at it, done() when it has let go, soon() after a
  // key or a notch of a mouse's wheel }
  constructor(node, act) {
    this.node = node;
    const turn = (seed, event) => act.turn(Math.min(MAX_SEED, Math.max(0, seed)), event);
    let start = null;
    node.addEventListener("pointerdown", (event) => {
      start = { x: event.clientX, seed: act.seed() };
      node.setPointerCapture(event.pointerId);
    });
    node.addEventListener("pointermove", (event) => start && turn(start.seed - Math.round((event.clientX - start.x) / WHEEL_PX), event));
    for (const type of ["pointerup", "pointercancel"])
      node.addEventListener(type, () => {
        if (start && act.seed() !== start.seed) act.done();
        start = null;
      });
    node.addEventListener("wheel", (event) => {
      event.preventDefault();
      turn(act.seed() + Math.sign(event.deltaY || event.deltaX), event);
      act.soon();
    });
    node.addEventListener("keydown", (event) => {
      const steps = SEEDS_OF_KEY[event.key];
      if (!steps) return;
      event.preventDefault();
      turn(act.seed() + steps, event);
      act.soon();
    });
  }

  show(seed) {
    this.node.setAttribute("aria-valuenow", seed);
    this.node.style.backgroundPositionX = `calc(50% - ${(seed % 10000) * WHEEL_PX}px)`;
  }
}
