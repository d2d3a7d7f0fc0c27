// The film of training: the same z through the kept steps, played, or moved along by hand.

import { icon } from "../controls/icons.js";
import { Painter } from "../engine/painter.js";

const FILM_SECONDS = 7; // through all of training, the last picture held for one more

export class Film {
  // act: { commit(message) hears of wishes, touch(event) that a hand is at it, begin() before it plays, draw() for the
  // picture of another moment, closed() }; while `painter` isn't null it is the one to draw with
  constructor(root, act) {
    Object.assign(this, { act, painter: null, playing: false });
    [this.bar, this.slider, this.output, this.button, this.opener] = [
      ".film", ".film-at", ".film-out", ".film-play", ".film-open",
    ].map((name) => root.querySelector(name));
    this.opener.addEventListener("click", () => {
      const film = !this.moments;
      this.close();
      act.commit({ film });
    });
    this.button.addEventListener("click", () => (this.playing ? this.stayAt(this.moment) : this.play(true)));
    this.slider.addEventListener("input", (event) => {
      act.touch(event);
      this.play(false);
      this.show(Number(this.slider.value));
    });
    this.slider.addEventListener("change", () => this.stayAt(this.moment));
  }

  // step: the one that the page is at; numSteps: how many are kept
  setFacts(step, numSteps) {
    this.step = step;
    this.opener.hidden = !(numSteps > 1);
  }

  // the page has come along to a moment, or gone to one by itself
  setEngine(engine) {
    this.engine = engine;
    const at = this.moments?.findIndex(({ step }) => step === this.step) ?? -1;
    if (at >= 0 && !this.playing) {
      this.moment = at;
      this.mark();
    }
    if (!this.playing) this.painter = null;
  }

  // moments: list of { step, file }, oldest first; it starts to play
  open(moments) {
    this.close();
    this.moments = moments;
    this.painters = new Map();
    this.slider.max = moments.length - 1;
    this.bar.hidden = false;
    this.opener.classList.add("on");
    this.play(!matchMedia("(prefers-reduced-motion: reduce)").matches);
    if (!this.playing) this.show(moments.length - 1);
  }

  close() {
    if (!this.moments) return;
    this.play(false);
    this.endPainters();
    this.moments = this.moment = this.painter = null;
    this.bar.hidden = true;
    this.opener.classList.remove("on");
    this.act.closed();
  }

  play(playing) {
    cancelAnimationFrame(this.request);
    this.playing = playing;
    this.button.innerHTML = icon(playing ? "pause" : "play");
    this.button.setAttribute("aria-label", playing ? "Pause the film" : "Play the film");
    if (!playing) return;
    this.act.begin();
    let begin = null;
    const each = (1000 * FILM_SECONDS) / this.moments.length;
    const tick = (time) => {
      begin ??= time;
      const at = Math.floor(((time - begin) % (1000 * FILM_SECONDS + 1000)) / each);
      this.show(Math.min(at, this.moments.length - 1));
      this.request = requestAnimationFrame(tick);
    };
    this.request = requestAnimationFrame(tick);
  }

  // from here on the sliders act on the weights of that moment
  show(at) {
    if (at === this.moment && this.painter) return;
    this.moment = at;
    if (!this.painters.has(at)) {
      if (!this.engine.onPage) this.endPainters(); // each has a thread and its weights: one is enough
      this.painters.set(at, new Painter(this.moments[at].file, this.engine.kernels, this.engine.onPage));
    }
    this.painter = this.painters.get(at);
    this.mark();
    this.act.draw();
  }

  mark() {
    const at = this.moment;
    this.slider.value = at;
    this.slider.style.setProperty("--at", `${(100 * at) / Math.max(1, this.moments.length - 1)}%`);
    this.output.textContent = `step ${this.moments[at].step.toLocaleString("en")}`;
  }

  endPainters() {
    for (const painter of this.painters.values()) painter.end();
    this.painters.clear();
  }

  // the hand rests at a moment: the page, and the neighbours, follow there
  stayAt(at) {
    this.play(false);
    const { step } = this.moments[at];
    if (step !== this.step) this.act.commit({ step });
  }
}
