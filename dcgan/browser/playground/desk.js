// The playground: the plane, the controls, the curves. It knows no server: who puts it on a page hears of a game's
// text (game_settings.js) when a hand lets go.

import { icon } from "../controls/icons.js";
import { SeedField } from "../controls/seed_field.js";
import { DESK_MARKUP } from "./desk_markup.js";
import { coloursOf } from "./game_colours.js";
import { AFRESH, GAMES, anySeed, gameFrom, gameText, settingsOf } from "./game_settings.js";
import { Knobs, LOSS_WORDS } from "./knobs.js";
import { OwnPoints } from "./own_points.js";
import { verdictWords } from "./phases.js";
import { Plane } from "./plane.js";
import { GamePlayer } from "./player_of_game.js";
import { SlowMotion } from "./slow_motion.js";
import { Strip } from "./strip.js";

const WORDS_EVERY = 6; // pictures; the charts, too
const calmly = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

export class Playground {
  constructor(parent, host) {
    this.host = host;
    this.root = document.createElement("div");
    this.root.className = "lab playground";
    this.root.innerHTML = DESK_MARKUP;
    parent.appendChild(this.root);
    const find = (name) => this.root.querySelector(name);
    Object.assign(this, {
      canvas: find(".plane"), said: find(".said"), facts: find(".facts"), playButton: find(".play"), stepButton: find(".step"),
      slowButton: find(".slow"), phases: find(".phases"), byHand: find(".by-hand"), speed: find(".speed"), losses: find(".losses"), apart: find(".apart"),
    });
    this.games = [...this.root.querySelectorAll("[data-game]")];
    [this.watch, this.hint] = this.root.querySelectorAll(".watch");
    this.plane = new Plane(this.canvas);
    const [losses, apart] = this.root.querySelectorAll(".strip");
    this.strips = [new Strip(losses, { lossD: "real", lossG: "fake" }), new Strip(apart, { apart: "third" }, "floor")];
    this.knobs = new Knobs(this.root, (changes, done) => this.set(changes, done));
    this.seed = new SeedField(find(".seed input"), (seed) => this.set({ seed }, true));
    this.own = new OwnPoints(this.canvas, {
      drawn: () => (this.settings.real === "drawn" ? this.settings.drawn : null),
      set: (drawn, done) => this.set({ drawn }, done),
      moved: (cursor) => {
        this.cursor = cursor;
        this.wake();
      },
    });
    this.slow = new SlowMotion([...this.phases.children], {
      next: () => this.player.ask({ slow: true }),
      say: (words) => (this.said.textContent = words),
      wake: () => this.wake(),
    });
    this.player = new GamePlayer((answer) => this.take(answer), () => {
      this.said.textContent = "The playground needs a browser that may start workers.";
    });
    this.listen(find);
    this.resized = new ResizeObserver(() => this.wake());
    this.resized.observe(this.canvas);
    this.setText("healthy");
  }

  // ---- what is played

  // a game from outside, such as the address
  setText(text) {
    Object.assign(this, gameFrom(text));
    if (this.settings.real === "drawn" && !this.settings.drawn.length) this.settings.real = "ring";
    this.committed = gameText(this);
    this.restart();
  }

  choose(name) {
    Object.assign(this, { name, settings: settingsOf(name) });
    this.restart();
    this.commit();
    this.play(!calmly());
  }

  // changes act on the game that is played; z and the seed begin another
  set(changes, done) {
    Object.assign(this.settings, changes);
    if (this.empty) this.play(false);
    if (AFRESH.some((name) => name in changes)) this.restart();
    else if (!this.empty) this.player.ask({ change: { ...this.settings } });
    this.show();
    if (done) this.commit();
  }

  commit() {
    const text = gameText(this);
    if (this.empty || text === this.committed) return;
    this.committed = text;
    this.host.commit(text);
  }

  restart() {
    this.leaveSlow();
    for (const strip of this.strips) strip.clear();
    if (!this.empty) this.player.start({ ...this.settings });
    this.said.textContent = "";
    this.show();
  }

  // nothing is drawn yet that could be real
  get empty() {
    return this.settings.real === "drawn" && !this.settings.drawn.length;
  }

  play(playing) {
    if (playing && this.empty) return;
    if (this.slow.on) this.slow.running = playing;
    this.playing = playing;
    this.showPlay();
    if (!playing && this.now && !this.slow.on) this.said.textContent = this.summary();
    else if (playing && !this.slow.on) this.said.textContent = "";
    this.wake();
  }

  step() {
    if (this.slow.on) {
      this.slow.running = this.playing = false;
      this.showPlay();
      return this.slow.forward();
    }
    this.play(false);
    this.told = true; // the answer is said
    this.player.ask({ advance: 1 });
  }

  leaveSlow() {
    if (!this.slow.on) return;
    this.slow.end();
    this.playing = false;
    this.showPlay();
  }

  toggleSlow() {
    if (this.slow.on) {
      this.leaveSlow();
      this.said.textContent = this.now ? this.summary() : "";
    } else if (!this.empty) {
      this.playing = !calmly();
      this.slow.begin(this.playing);
      this.showPlay();
    }
    this.wake();
  }

  // an answer of the worker
  take({ now, parts }) {
    this.now = now;
    if (now.lossD !== undefined && now.steps !== this.counted) for (const strip of this.strips) strip.add(now);
    this.counted = now.steps;
    if (parts && this.slow.on) this.slow.take(parts, this.settings);
    if (this.told) this.said.textContent = this.summary();
    this.told = false;
    this.fresh = true;
    this.wake();
  }

  // ---- controls

  listen(find) {
    for (const button of this.games) button.addEventListener("click", () => this.choose(button.dataset.game));
    this.playButton.addEventListener("click", () => this.play(!this.playing));
    this.stepButton.addEventListener("click", () => this.step());
    this.slowButton.addEventListener("click", () => this.toggleSlow());
    find(".restart").addEventListener("click", () => this.restart());
    find(".dice").addEventListener("click", () => this.set({ seed: anySeed() }, true));
    find(".clear").addEventListener("click", () => this.set({ drawn: [] }, true));
    this.phases.addEventListener("click", () => this.showPlay((this.playing = false)));
    this.canvas.addEventListener("keydown", ({ key, repeat }) => {
      if (this.settings.real === "drawn" || repeat) return;
      if (key === " ") this.play(!this.playing);
      else if (key === "ArrowRight") this.step();
    });
    this.canvas.addEventListener("keydown", (event) => event.key === " " && event.preventDefault());
  }

  // ---- what is seen

  wake() {
    this.request ??= requestAnimationFrame((time) => this.paint(time));
  }

  paint(time) {
    this.request = null;
    const { now, slow, player } = this;
    if (!now) return;
    if (this.playing && !slow.on && !player.waiting) player.ask({ advance: Number(this.speed.value) });
    const colours = this.colour(), slowly = slow.on ? slow.scene(time) : null;
    const z = this.settings.z, plain = { ...now, z, field: now.field, shares: { lattice: 0.55, arrows: 0.75 } };
    if (this.empty) Object.assign(plain, { real: null, field: null, arrows: null });
    if (!slow.on || slowly) this.plane.paint({ ...(slowly ?? plain), cursor: this.cursor }, colours);
    if (!slow.on && this.fresh) this.showFacts();
    if (this.fresh && (!this.playing || this.plane.frames % WORDS_EVERY === 0)) this.showStrips(colours);
    this.fresh = false;
    if (slow.on && slow.parts && slow.again) this.wake();
  }

  colour() {
    const colours = coloursOf(this.root), key = JSON.stringify(colours);
    if (key !== this.coloured) for (const name of ["fake", "real", "third"]) this.root.style.setProperty(`--${name}`, colours[name]);
    this.coloured = key;
    return colours;
  }

  showFacts() {
    const { now, playing } = this, { frames } = this.plane;
    this.canvas.dataset.step = now.steps;
    if (!playing || frames % 60 === 0) this.canvas.setAttribute("aria-label", this.summary());
    if (playing && frames % WORDS_EVERY) return; // nobody reads faster
    const steps = now.steps.toLocaleString("en"), says = verdictWords(now.says, this.settings.loss).slice(3);
    this.facts.textContent = now.lossD === undefined ? "Step 0: G and D know nothing yet" : `Step ${steps} · D ${says}`;
  }

  showStrips(colours) {
    const { now } = this, words = (value) => (value === undefined ? "" : value.toFixed(2));
    for (const strip of this.strips) strip.paint(colours);
    this.losses.innerHTML = now.lossD === undefined ? "" : `<b class="real">D ${words(now.lossD)}</b> <b class="fake">G ${words(now.lossG)}</b>`;
    this.apart.textContent = now.apart.toFixed(3);
    this.strips[0].canvas.setAttribute("aria-label", `Losses at step ${now.steps}: D ${words(now.lossD)}, G ${words(now.lossG)}`);
    this.strips[1].canvas.setAttribute("aria-label", `Fakes are ${now.apart.toFixed(3)} from the real points, other real points ${now.floor.toFixed(3)}`);
  }

  summary() {
    const { now } = this;
    const begun = now.lossD === undefined ? "nothing learnt yet" : `D's loss ${now.lossD.toFixed(2)}, G's ${now.lossG.toFixed(2)}; ${verdictWords(now.says, this.settings.loss).replace("it", "D")}`;
    return `Step ${now.steps.toLocaleString("en")}: ${begun}. The fakes are ${now.apart.toFixed(3)} from the real points, as other real points are ${now.floor.toFixed(3)}.`;
  }

  showPlay() {
    const words = this.playing ? "Pause" : "Play";
    if (this.playButton.title === words && this.phases.hidden === !this.slow.on) return;
    [this.playButton.innerHTML, this.playButton.title] = [`${icon(words.toLowerCase())}${words}`, words];
    this.phases.hidden = !this.slow.on;
    this.slowButton.setAttribute("aria-pressed", this.slow.on);
    this.slowButton.classList.toggle("on", this.slow.on);
    this.stepButton.textContent = this.slow.on ? "Next phase" : "One step";
    this.facts.hidden = this.slow.on;
  }

  show() {
    const { settings, name, empty } = this;
    for (const button of this.games) button.setAttribute("aria-pressed", button.dataset.game === name);
    this.watch.textContent = GAMES[name].watch;
    this.hint.textContent = `Try: ${GAMES[name].hint}`;
    this.knobs.show(settings);
    this.seed.show(settings.seed);
    this.root.querySelector(".caption.loss").textContent = LOSS_WORDS[settings.loss];
    this.byHand.hidden = settings.real !== "drawn";
    this.canvas.classList.toggle("by-hand", settings.real === "drawn");
    for (const button of [this.playButton, this.stepButton, this.slowButton]) button.disabled = empty;
    this.showPlay();
    this.wake();
  }

  end() {
    cancelAnimationFrame(this.request);
    this.resized.disconnect();
    this.player.end();
    this.root.remove();
  }
}
