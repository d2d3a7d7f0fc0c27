// The laboratory: a picture that follows the hand, its neighbours, sliders, seeds, favourites. It knows no server: who
// puts it on a page gives it a model and a state, and hears of what changed when a hand lets go.
import { icon } from "../controls/icons.js";
import { SeedField } from "../controls/seed_field.js";
import { PER_PAGE, PLACEHOLDERS, Sliders } from "../controls/sliders.js";
import { Engine, Painter } from "../engine/painter.js";
import { SETTLE_MS, Stage } from "../engine/stage.js";
import { baseZ, finishZ, limitOf, neighbours, slerp, unpackDirections } from "../latent/latent.js";
import {
  MAX_SEED, NUM_NEIGHBOURS, PLAIN_VIEW, atRest, fromParams, goneTo, sameView, startFrom, toParams, toggleLock,
  withSlider, withoutSlider,
} from "../latent/views.js";

const PLAIN_KIND = "dimensions";
const NO_AXES = { kind: PLAIN_KIND, kinds: [], rows: {}, directions: {} };
const MAX_HISTORY = 200;
const SMOOTH_MS = 20; // between two pictures
const WALK_SECONDS = 1.6; // from one keyframe to the next
const FILM_SECONDS = 7; // through all of training, the last picture held for one more
const WHEEL_PX = 9; // between two seeds on the seed wheel

const MARKUP = `
<section class="stage">
  <canvas class="picture" data-testid="latent-canvas" data-frame="0" role="img" width="1" height="1"></canvas>
  <div class="bar film" hidden>
    <button class="icon film-play" type="button"></button>
    <label class="grow"><span>Training <output class="film-out"></output></span>
      <input class="film-at" type="range" min="0" step="1" aria-label="Moment of training" data-testid="latent-film"></label>
  </div>
  <div class="bar">
    <label class="grow" title="How far the neighbours are from the picture, each in a direction of its own. At 100 % they are as different as pictures of unrelated seeds.">
      <span>Neighbours: click one to go there <output class="distance-out"></output></span>
      <input class="distance" type="range" min="5" max="100" step="5" aria-label="Distance of the neighbours, percent" data-testid="latent-distance">
    </label>
    <button class="others" type="button" title="Neighbours in other directions">${icon("dice")}Others</button>
    <button class="back" type="button" title="Back to where you were before the last neighbour">Back</button>
  </div>
  <div class="tiles"></div>
</section>
<section class="desk">
  <div class="bar">
    <label class="seed" title="Fixes the z that the picture starts from: the same seed gives the same picture, here and in the terminal.">
      <span>Seed</span><input class="seed-number" type="number" min="0" max="${MAX_SEED}" step="1" inputmode="numeric" placeholder="own z" data-testid="latent-seed">
    </label>
    <div class="wheel" role="slider" tabindex="0" aria-label="Seed wheel" aria-valuemin="0" aria-valuemax="${MAX_SEED}" title="Turn it: drag, scroll, or use the arrow keys" data-testid="latent-wheel"></div>
    <button class="primary randomize" type="button" title="Another seed; locked sliders stay">Randomize</button>
    <button class="icon undo" type="button" aria-label="Undo" title="Undo (Ctrl+Z)">${icon("undo")}</button>
    <button class="icon redo" type="button" aria-label="Redo" title="Redo (Ctrl+Shift+Z)">${icon("redo")}</button>
  </div>
  <div class="kinds" role="group" aria-label="What the sliders act on" hidden></div>
  <p class="caption"></p>
  <div class="sliders"></div>
  <div class="bar">
    <button class="reset" type="button" title="Puts every slider that isn't locked back to where the seed has it"></button>
    <button class="next" type="button"></button>
    <button class="measure" type="button" title="The model has learned on since its sliders were chosen" hidden>Measure again</button>
    <label class="grow" title="Multiplies z. Below 1: more typical pictures, less variety; 0 is the middle of everything. Above 1: bolder, and sooner broken.">
      <span>Truncation <output class="truncation-out"></output></span>
      <input class="truncation" type="range" min="0" max="2" step="0.05" aria-label="Truncation" data-testid="latent-truncation">
    </label>
  </div>
  <div class="bar shelf">
    <button class="keep" type="button" title="Puts this picture among your favourites, for as long as this tab is open">${icon("keep")}Keep</button>
    <button class="walk" type="button" title="Goes from favourite to favourite, or from seed to seed while there are fewer than two"></button>
    <button class="film-open" type="button" title="Watch this very picture being learned: through the kept steps at one z" hidden>Film</button>
    <a class="save" href="#" title="The picture as it is, in its own size" hidden>PNG</a>
    <div class="favourites" role="list" aria-label="Favourites"></div>
  </div>
</section>`;

export class Lab {
  // host: { commit(message), save } hears of views and favourites that are meant to stay; where `save` is a file's name
  // the laboratory saves the picture by itself
  constructor(parent, host) {
    this.host = host;
    this.root = document.createElement("div");
    this.root.className = "lab";
    this.root.innerHTML = MARKUP;
    parent.appendChild(this.root);
    for (const name of ["picture", "tiles", "sliders", "wheel", "kinds", "caption", "favourites", "undo", "redo", "back", "reset", "next", "measure", "walk", "film"])
      this[name] = this.root.querySelector(`.${name}`);
    this.fields = Object.fromEntries(
      ["distance", "truncation", "distance-out", "truncation-out", "film-at", "film-out", "film-play", "film-open"].map((name) => [name, this.root.querySelector(`.${name}`)]),
    );
    this.view = this.committed = PLAIN_VIEW;
    this.past = [PLAIN_VIEW];
    this.now = 0; // place in the past
    this.page = 0;
    this.kept = []; // favourites: { run, step, params, thumb }
    this.dims = [];
    this.axes = NO_AXES;
    this.kind = PLAIN_KIND;
    this.directions = new Map(); // axis -> what one standard deviation along it adds to z
    this.stage = new Stage(this.picture, () => this.afterPaint());
    this.tilesDone = 0;
    this.rows = new Sliders(this.sliders, {
      move: (slider, value, event) => this.move(withSlider(this.view, slider, value), event),
      done: () => this.commit(),
      soon: () => this.commitSoon(),
      back: (slider) => this.settle(withoutSlider(this.view, slider)),
      lock: (slider) => this.settle(toggleLock(this.view, slider, this.valueOf(slider))),
    });
    this.buildTiles();
    this.listen();
  }

  // ---- what the page gives

  // a packed generator; the picture stays until the first one of the new model is there
  setModel(file, kernels) {
    this.engine?.end();
    this.tileBusy = null;
    this.engine = new Engine(file, kernels);
    const { size } = (this.header = this.engine.header);
    for (const canvas of this.tiles.querySelectorAll("canvas"))
      if (canvas.width !== size) canvas.width = canvas.height = size;
    this.stage.setEngine(this.engine);
    this.roots = null;
    this.followPage();
    if (!this.playing) this.filmPainter = null; // the page has come along to a moment, or gone to one by itself
    this.show();
  }

  // facts: { run, step, numSteps, dims, axes, measured, canMeasure }; dims are [dimension, strength], strongest first;
  // there are none before they are asked for.
  // axes: { kind, kinds: list of [kind, label, help], rows: kind -> list of [axis, name, strength, help], directions:
  // axis -> float32 in base64 }; rows of a kind that isn't there yet come when it is asked for
  setFacts(facts) {
    Object.assign(this, { axes: NO_AXES }, facts);
    if (this.axes.kind !== this.givenKind) this.kind = this.givenKind = this.axes.kind;
    this.directions = unpackDirections(this.axes.directions);
    this.buildKinds();
    this.fields["film-open"].hidden = !(facts.numSteps > 1);
    this.show();
  }

  // a view from outside, such as the address or what was found for a picture: one step further, unless it is the first
  setView(view) {
    this.past = this.arrived ? [...this.past.slice(0, this.now + 1), view].slice(-MAX_HISTORY) : [view];
    this.arrived = true;
    this.now = this.past.length - 1;
    this.view = this.committed = view;
    this.show();
  }

  setFavourites(kept) {
    this.kept = kept;
    this.showFavourites();
  }

  // ---- controls

  listen() {
    const on = (target, type, act) => (typeof target === "string" ? this.root.querySelector(target) : target).addEventListener(type, act);
    const slide = (name, key, parse = Number) => {
      on(this.fields[name], "input", (event) => this.move({ ...this.view, [key]: parse(this.fields[name].value) }, event));
      on(this.fields[name], "change", () => this.commit());
      on(this.fields[name], "dblclick", () => this.settle({ ...this.view, [key]: PLAIN_VIEW[key] }));
    };
    slide("distance", "distance");
    slide("truncation", "truncation");
    this.seed = new SeedField(this.root.querySelector(".seed-number"), (seed) => this.settle(startFrom(this.view, seed)));
    on(".randomize", "click", () => this.settle(startFrom(this.view, Math.floor(Math.random() * 100000))));
    on(".others", "click", () => this.settle({ ...this.view, around: Math.floor(Math.random() * 100000) }));
    on(this.back, "click", () => this.settle({ ...this.view, hops: this.view.hops.slice(0, -1) }));
    on(this.reset, "click", () => this.settle(atRest(this.view)));
    on(this.next, "click", () => this.turnPage((this.page + 1) % this.pages()));
    on(this.measure, "click", () => this.host.commit({ measure: true }));
    on(this.undo, "click", () => this.travel(-1));
    on(this.redo, "click", () => this.travel(1));
    on(".keep", "click", () => this.keep());
    on(this.walk, "click", () => this.setWalking(!this.walking));
    on(this.fields["film-open"], "click", () => {
      const film = !this.moments;
      this.closeFilm();
      this.host.commit({ film });
    });
    on(this.fields["film-play"], "click", () => (this.playing ? this.stayAt(this.moment) : this.play(true)));
    on(this.fields["film-at"], "input", (event) => {
      this.stamp = event.timeStamp;
      this.play(false);
      this.showMoment(Number(this.fields["film-at"].value));
    });
    on(this.fields["film-at"], "change", () => this.stayAt(this.moment));
    const save = this.root.querySelector(".save");
    [save.hidden, save.download] = [!this.host.save, this.host.save ?? ""];
    on(save, "click", () => (save.href = this.picture.toDataURL()));
    on(this.root, "keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || event.target.type === "number") return;
      event.preventDefault();
      this.travel(event.shiftKey ? 1 : -1);
    });
    this.listenToWheel(on);
  }

  listenToWheel(on) {
    let start = null;
    const turn = (seeds, event) => this.move(startFrom(this.view, Math.min(MAX_SEED, Math.max(0, seeds))), event);
    on(this.wheel, "pointerdown", (event) => {
      start = { x: event.clientX, seed: this.view.seed };
      this.wheel.setPointerCapture(event.pointerId);
    });
    on(this.wheel, "pointermove", (event) => start && turn(start.seed - Math.round((event.clientX - start.x) / WHEEL_PX), event));
    for (const type of ["pointerup", "pointercancel"])
      on(this.wheel, type, () => {
        if (start && this.view.seed !== start.seed) this.commit();
        start = null;
      });
    on(this.wheel, "wheel", (event) => {
      event.preventDefault();
      turn(this.view.seed + Math.sign(event.deltaY || event.deltaX), event);
      this.commitSoon();
    });
    on(this.wheel, "keydown", (event) => {
      const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[event.key];
      if (!steps) return;
      event.preventDefault();
      turn(this.view.seed + steps, event);
      this.commitSoon();
    });
  }

  buildTiles() {
    for (let i = 1; i <= NUM_NEIGHBOURS; i++) {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.testid = `tile-${i - 1}`;
      button.title = `Go to neighbour ${i}`;
      button.setAttribute("aria-label", button.title);
      button.appendChild(document.createElement("canvas"));
      button.addEventListener("click", () => this.settle(goneTo(this.view, i)));
      this.tiles.appendChild(button);
    }
  }

  // what the sliders can act on, if there is a choice
  buildKinds() {
    const words = JSON.stringify(this.axes.kinds);
    if (words === this.builtKinds) return;
    this.builtKinds = words;
    this.kinds.hidden = this.axes.kinds.length < 2;
    this.kinds.replaceChildren(
      ...this.axes.kinds.map(([kind, label, help]) => {
        const button = document.createElement("button");
        button.type = "button";
        Object.assign(button.dataset, { kind, testid: `axes-${kind}` });
        [button.textContent, button.title] = [label, help];
        button.addEventListener("click", () => this.takeKind(kind));
        return button;
      }),
    );
  }

  takeKind(kind) {
    if (kind === this.kind) return;
    [this.kind, this.page] = [kind, 0];
    this.show();
    this.tell();
  }

  // the sliders of the chosen kind: list of { slider, name, strength, help }; null while they are worked out
  choices(kind = this.kind) {
    if (kind !== PLAIN_KIND) return this.axes.rows[kind]?.map(([slider, name, strength, help]) => ({ slider, name, strength, help })) ?? null;
    const raw = this.dims.map(([slider, strength]) => ({
      slider, name: `z[${slider}]`, strength, help: `Changes the picture by ${strength.toFixed(1)} of 255 grey levels.`,
    }));
    return raw.length ? raw : null;
  }

  finish(z, view) {
    return finishZ(z, view, this.header, this.directions);
  }

  // where a slider stands: a dimension's at its value, an axis' at what was added along it
  valueOf(slider) {
    const limit = limitOf(this.header.prior, slider), rest = typeof slider === "string" ? 0 : this.base[slider];
    return Math.min(limit, Math.max(-limit, new Map(this.view.sliders).get(slider) ?? rest));
  }

  pages() {
    return Math.max(1, Math.ceil((this.choices() ?? []).length / PER_PAGE));
  }

  turnPage(page) {
    this.page = page;
    this.show();
    this.commit();
  }

  // ---- from one view to the next

  // while a hand is at it: everything follows, nothing is told
  move(view, event) {
    this.stamp = event?.timeStamp ?? performance.now();
    this.setWalking(false);
    this.view = view;
    this.show();
  }

  // the hand has let go
  commit() {
    clearTimeout(this.soon);
    if (!sameView(this.view, this.past[this.now])) {
      this.past = [...this.past.slice(0, this.now + 1), this.view].slice(-MAX_HISTORY);
      this.now = this.past.length - 1;
    }
    this.tell();
  }

  commitSoon() {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.commit(), SETTLE_MS);
  }

  settle(view) {
    this.move(view);
    this.commit();
  }

  travel(steps) {
    const to = this.now + steps;
    if (to < 0 || to >= this.past.length) return;
    this.now = to;
    this.move(this.past[to]);
    this.tell();
  }

  tell() {
    this.committed = this.view;
    this.showButtons();
    this.host.commit({ params: toParams(this.view), page: this.page, axes: this.kind });
  }

  get touched() {
    return !sameView(this.view, this.committed);
  }

  // ---- favourites and walks

  keep() {
    const params = toParams(this.view);
    this.kept = [...this.kept, { run: this.run, step: this.step, params, thumb: this.picture.toDataURL() }];
    this.showFavourites();
    this.tellFavourites();
  }

  tellFavourites() {
    this.host.commit({ favourites: this.kept.map(({ run, step, params }) => ({ run, step, params })) });
  }

  showFavourites() {
    this.favourites.replaceChildren(
      ...this.kept.map((kept, at) => {
        const item = document.createElement("div");
        item.className = "favourite";
        item.setAttribute("role", "listitem");
        const go = document.createElement("button");
        go.type = "button";
        go.title = `${kept.run}, step ${kept.step}, ${kept.params.z ? "a given z" : `seed ${kept.params.seed}`}`;
        go.setAttribute("aria-label", `Favourite ${at + 1}: ${go.title}`);
        if (kept.thumb) {
          const picture = document.createElement("img");
          [picture.src, picture.alt] = [kept.thumb, ""];
          go.appendChild(picture);
        } else go.textContent = kept.params.seed;
        const away = document.createElement("button");
        away.type = "button";
        away.className = "away";
        away.textContent = "×";
        away.setAttribute("aria-label", `Remove favourite ${at + 1}`);
        go.addEventListener("click", () => this.goToFavourite(kept, at));
        away.addEventListener("click", () => {
          this.kept = this.kept.filter((other) => other !== kept);
          this.showFavourites();
          this.tellFavourites();
        });
        item.append(go, away);
        return item;
      }),
    );
    this.showButtons();
  }

  goToFavourite(kept, at) {
    if (kept.run === this.run && kept.step === this.step) this.settle(fromParams(kept.params));
    else this.host.commit({ goto: at });
  }

  setWalking(walking) {
    if (walking === Boolean(this.walking)) return;
    cancelAnimationFrame(this.walkRequest);
    this.walking = walking;
    this.showButtons();
    if (!walking) return this.show();
    const mine = this.kept.filter(({ run, step }) => run === this.run && step === this.step).map(({ params }) => fromParams(params));
    const seeds = Array.from({ length: 8 }, (_, i) => startFrom(this.view, (this.view.seed + i) % (MAX_SEED + 1)));
    const keys = (mine.length > 1 ? mine : seeds).map((view) => this.finish(baseZ(view, this.header), view));
    let begin = null;
    const step = (time) => {
      begin ??= time;
      const at = ((time - begin) / 1000 / WALK_SECONDS) % keys.length;
      const leg = Math.floor(at);
      this.drawPicture(slerp(keys[leg], keys[(leg + 1) % keys.length], at - leg));
      if (this.walking) this.walkRequest = requestAnimationFrame(step);
    };
    this.walkRequest = requestAnimationFrame(step);
  }

  // ---- the film of training

  // moments: list of { step, file }, oldest first; it starts to play
  openFilm(moments) {
    this.closeFilm();
    this.moments = moments;
    this.painters = new Map();
    this.fields["film-at"].max = moments.length - 1;
    this.film.hidden = false;
    this.fields["film-open"].classList.add("on");
    this.play(!matchMedia("(prefers-reduced-motion: reduce)").matches);
    if (!this.playing) this.showMoment(moments.length - 1);
  }

  // the film's slider where the page is
  followPage() {
    const at = this.moments?.findIndex(({ step }) => step === this.step) ?? -1;
    if (at < 0 || this.playing) return;
    this.moment = at;
    this.markMoment();
  }

  markMoment() {
    const at = this.moment;
    this.fields["film-at"].value = at;
    this.fields["film-at"].style.setProperty("--at", `${(100 * at) / Math.max(1, this.moments.length - 1)}%`);
    this.fields["film-out"].textContent = `step ${this.moments[at].step.toLocaleString("en")}`;
  }

  closeFilm() {
    if (!this.moments) return;
    this.play(false);
    for (const painter of this.painters.values()) painter.end();
    this.moments = this.moment = this.filmPainter = null;
    this.film.hidden = true;
    this.fields["film-open"].classList.remove("on");
    this.show();
  }

  play(playing) {
    cancelAnimationFrame(this.filmRequest);
    this.playing = playing;
    this.fields["film-play"].innerHTML = icon(playing ? "pause" : "play");
    this.fields["film-play"].setAttribute("aria-label", playing ? "Pause the film" : "Play the film");
    if (!playing) return;
    this.setWalking(false);
    let begin = null;
    const each = (1000 * FILM_SECONDS) / this.moments.length;
    const tick = (time) => {
      begin ??= time;
      const at = Math.floor(((time - begin) % (1000 * FILM_SECONDS + 1000)) / each);
      this.showMoment(Math.min(at, this.moments.length - 1));
      this.filmRequest = requestAnimationFrame(tick);
    };
    this.filmRequest = requestAnimationFrame(tick);
  }

  // from here on the sliders act on the weights of that moment
  showMoment(at) {
    const { file } = this.moments[at];
    if (at !== this.moment || !this.filmPainter) {
      this.moment = at;
      if (!this.painters.has(at)) {
        if (!this.engine.onPage) this.endPainters(); // each has a thread and its weights: one is enough
        this.painters.set(at, new Painter(file, this.engine.kernels, this.engine.onPage));
      }
      this.filmPainter = this.painters.get(at);
      this.markMoment();
      this.drawPicture(this.finish(this.base, this.view));
    }
  }

  endPainters() {
    for (const painter of this.painters.values()) painter.end();
    this.painters.clear();
  }

  // the hand rests at a moment: the page, and the neighbours, follow there
  stayAt(at) {
    this.play(false);
    const { step } = this.moments[at];
    if (step !== this.step) this.host.commit({ step });
  }

  // ---- what is seen

  show() {
    if (!this.header) return;
    const { view } = this;
    const choices = this.choices();
    if (choices) this.page %= this.pages();
    this.rows.build(choices?.slice(this.page * PER_PAGE, (this.page + 1) * PER_PAGE) ?? PLACEHOLDERS);
    const roots = JSON.stringify([view.seed, view.z, view.hops, view.distance, view.around]);
    if (roots !== this.roots) {
      // what sliders and truncation don't change: the z that they start from
      this.roots = roots;
      this.base = baseZ(view, this.header);
      this.around = neighbours(this.base, NUM_NEIGHBOURS + 1, view.distance, view.around, this.header.prior);
    }
    this.showControls();
    this.showButtons();
    if (!this.walking) this.drawPicture(this.finish(this.base, view));
    this.drawTiles();
  }

  showControls() {
    const { view, fields } = this;
    this.rows.show(view, (slider) => this.valueOf(slider), (slider) => limitOf(this.header.prior, slider), !this.choices());
    const set = (input, value) => input.value !== String(value) && (input.value = value);
    set(fields.distance, view.distance);
    set(fields.truncation, view.truncation);
    this.seed.show(view.z ? "" : view.seed); // a z that was given has none
    for (const [name, share] of [["distance", (view.distance - 5) / 95], ["truncation", view.truncation / 2]])
      fields[name].style.setProperty("--at", `${100 * share}%`);
    fields["distance-out"].textContent = `${view.distance} %`;
    fields["truncation-out"].textContent = view.truncation.toFixed(2);
    this.wheel.setAttribute("aria-valuenow", view.seed);
    this.wheel.style.backgroundPositionX = `calc(50% - ${(view.seed % 10000) * WHEEL_PX}px)`;
    this.picture.setAttribute("aria-label", `What ${view.z ? "a given z" : `seed ${view.seed}`} gives at step ${(this.step ?? 0).toLocaleString("en")}`);
  }

  showButtons() {
    const moved = this.view.sliders.length, loose = moved - this.view.locked.length;
    this.undo.disabled = this.now === 0;
    this.redo.disabled = this.now >= this.past.length - 1;
    this.back.disabled = !this.view.hops.length;
    this.reset.disabled = !loose;
    const text = (button, words) => button.textContent !== words && (button.textContent = words);
    text(this.reset, loose ? `Reset ${loose} moved` : "Reset");
    text(this.next, this.page + 1 < this.pages() ? `Next ${PER_PAGE}` : `First ${PER_PAGE}`);
    this.next.disabled = this.pages() < 2;
    this.next.title = `Sliders ${this.page + 1} of ${this.pages()}. What you moved stays moved.`;
    this.measure.hidden = !this.canMeasure;
    text(this.caption, this.told());
    for (const button of this.kinds.children) button.setAttribute("aria-pressed", button.dataset.kind === this.kind);
    const walking = String(Boolean(this.walking));
    if (this.walk.dataset.walking !== walking) {
      this.walk.dataset.walking = walking;
      this.walk.innerHTML = this.walking ? `${icon("pause")}Stop` : `${icon("play")}Walk`;
    }
  }

  // what the sliders are, in one or two sentences
  told() {
    const choices = this.choices();
    const [, , help] = this.axes.kinds.find(([kind]) => kind === this.kind) ?? [];
    if (!choices) return `${help} Working them out \u2026`;
    const first = this.page * PER_PAGE + 1, last = Math.min(choices.length, first + PER_PAGE - 1);
    if (this.kind !== PLAIN_KIND)
      return `${help} ${choices.length > PER_PAGE ? `${first} to ${last} of ${choices.length}, measured` : "Measured"} ${this.measured}; beside each, grey levels changed per standard deviation.`;
    const which = this.page ? `Places ${first} to ${last} among` : `The ${last} of`;
    return `${which} ${choices.length} numbers of z that change this model's pictures most, measured ${this.measured}; beside each, by how many of 255 grey levels.`;
  }

  drawPicture(z) {
    this.stage.show(z, this.stamp, this.filmPainter);
  }

  // one small picture for every large one, while the large ones come as fast as the screen takes them; else some
  afterPaint() {
    const smooth = performance.now() - this.paintedAt < SMOOTH_MS;
    this.paintedAt = performance.now();
    if (!this.engine.light && (smooth || this.stage.frames % 8 === 0)) this.drawNextTile();
  }

  // the neighbours, as fast as they come: all of them have to be drawn again
  drawTiles() {
    this.tilesDue = NUM_NEIGHBOURS;
    if (!this.engine.light) {
      clearTimeout(this.tilesSoon);
      this.resting = false;
      this.tilesSoon = setTimeout(() => {
        this.resting = true; // the hand is still: no waiting for large pictures
        this.drawNextTile();
      }, 120);
    } else this.tileRequest ??= requestAnimationFrame(() => this.drawAllTiles());
  }

  drawAllTiles() {
    this.tileRequest = null;
    for (let i = 1; i <= NUM_NEIGHBOURS; i++)
      this.engine.others.draw([this.finish(this.around[i], this.view)], ([pixels]) => this.paintTile(i, pixels));
    this.tilesDue = 0;
  }

  drawNextTile() {
    if (!this.tilesDue || this.tileBusy) return;
    const engine = this.engine, i = (this.tilesDone++ % NUM_NEIGHBOURS) + 1;
    this.tileBusy = engine;
    this.tilesDue--;
    engine.others.draw([this.finish(this.around[i], this.view)], ([pixels]) => {
      if (this.tileBusy === engine) this.tileBusy = null;
      if (this.engine !== engine) return;
      this.paintTile(i, pixels);
      if (this.resting) this.drawNextTile();
    });
  }

  paintTile(i, pixels) {
    const canvas = this.tiles.children[i - 1].firstChild;
    if (pixels.length !== 4 * canvas.width ** 2) return;
    canvas.getContext("2d").putImageData(new ImageData(pixels.slice(), canvas.width), 0, 0);
  }

  end() {
    this.setWalking(false);
    this.closeFilm();
    clearTimeout(this.soon);
    clearTimeout(this.tilesSoon);
    this.stage.end();
    this.engine?.end();
    this.root.remove();
  }
}
