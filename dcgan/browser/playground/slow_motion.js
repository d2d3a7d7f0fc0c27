// Takes one step after another apart and shows its phases, each for a while, or as long as a person wants.

import { PHASES, phaseScene, phaseSentence } from "./phases.js";

const SECONDS = [2.2, 2.6, 2.2, 2.2, 3.2]; // of each phase; its movement takes the first share of it
const MOVING = 0.6;
const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export class SlowMotion {
  // host: next() asks for another step; say(words); wake() wants the plane to be painted
  constructor(buttons, host) {
    Object.assign(this, { buttons, host, on: false, running: false, parts: null });
    buttons.forEach((button, phase) =>
      button.addEventListener("click", () => {
        this.running = false;
        this.enter(phase);
      }));
  }

  begin(running) {
    Object.assign(this, { on: true, parts: null, running: running && !calm() });
    this.host.next();
  }

  end() {
    Object.assign(this, { on: false, parts: null, running: false });
  }

  // a step that has been taken apart (GameView.slowStep), and the settings it was played with
  take(parts, settings) {
    Object.assign(this, { parts, settings: { ...settings } });
    this.enter(0);
  }

  enter(phase) {
    if (!this.parts) return;
    this.phase = phase;
    this.began = null;
    this.buttons.forEach((button, i) => button.setAttribute("aria-pressed", i === phase));
    this.host.say(phaseSentence(phase, this.parts, this.settings));
    this.host.wake();
  }

  // the next phase, or the first of another step
  forward() {
    if (!this.parts) return;
    if (this.phase + 1 < PHASES.length) this.enter(this.phase + 1);
    else {
      this.parts = null;
      this.host.next();
    }
  }

  // the scene at this time in ms, or null while a step is on its way; `again` is true as long as it moves
  scene(time) {
    if (!this.parts) return null;
    this.began ??= time;
    const passed = (time - this.began) / 1000 / SECONDS[this.phase], share = calm() ? 1 : Math.min(1, passed / MOVING);
    const scene = phaseScene(this.phase, this.parts, share, this.settings);
    this.again = share < 1 || this.running;
    if (passed >= 1 && this.running) this.forward();
    return scene;
  }
}
