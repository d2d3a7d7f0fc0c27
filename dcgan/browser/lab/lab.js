// The laboratory: a picture that follows the hand, its neighbours, sliders, seeds, favourites. It knows no server: who
// puts it on a page gives it a model and a state, and hears of what changed when a hand lets go.

import { SeedField } from "../controls/seed_field.js";
import { Engine } from "../engine/painter.js";
import { SETTLE_MS, Stage } from "../engine/stage.js";
import { classWords } from "../latent/classes.js";
import { baseZ, finishZ, limitOf, neighbours, unpackDirections } from "../latent/latent.js";
import {
  MAX_SEED, NUM_NEIGHBOURS, PLAIN_VIEW, atRest, goneTo, sameView, startFrom, toParams, toggleLock, withSlider,
  withoutSlider,
} from "../latent/views.js";
import { ClassDesk } from "./class_desk.js";
import { Favourites } from "./favourites.js";
import { Film } from "./film.js";
import { MARKUP } from "./lab_markup.js";
import { SeedWheel } from "./seed_wheel.js";
import { SliderDesk } from "./slider_desk.js";
import { SmallPictures, pictureButton } from "./small_pictures.js";
import { Walk } from "./walk.js";

const MAX_HISTORY = 200;
const WALK_SEEDS = 8; // of a walk without favourites

export class Lab {
  // host: { commit(message), save } hears of views and favourites that are meant to stay; where `save` is a file's name
  // the laboratory saves the picture by itself
  constructor(parent, host) {
    this.host = host;
    this.root = document.createElement("div");
    this.root.className = "lab";
    this.root.innerHTML = MARKUP;
    parent.appendChild(this.root);
    for (const name of ["picture", "undo", "redo", "back", "reset", "measure"]) this[name] = this.root.querySelector(`.${name}`);
    this.fields = Object.fromEntries(
      ["distance", "truncation", "distance-out", "truncation-out"].map((name) => [name, this.root.querySelector(`.${name}`)]),
    );
    this.view = this.committed = PLAIN_VIEW;
    this.past = [PLAIN_VIEW];
    this.now = 0; // place in the past
    this.directions = new Map(); // axis -> what one standard deviation along it adds to z
    this.stage = new Stage(this.picture, () => this.small.afterLarge(this.stage.frames));
    this.buildParts();
    this.listen();
  }

  // what stands on the page, each with what it may do here
  buildParts() {
    const find = (name) => this.root.querySelector(name);
    const [done, soon, show] = [() => this.commit(), () => this.commitSoon(), () => this.show()];
    const commit = (message) => this.host.commit(message), settle = (view) => this.settle(view);
    this.seed = new SeedField(find(".seed-number"), (seed) => this.settle(startFrom(this.view, seed)));
    this.wheel = new SeedWheel(find(".wheel"), {
      seed: () => this.view.seed,
      turn: (seed, event) => this.move(startFrom(this.view, seed), event),
      done,
      soon,
    });
    this.desk = new SliderDesk(this.root, {
      move: (slider, value, event) => this.move(withSlider(this.view, slider, value), event),
      back: (slider) => this.settle(withoutSlider(this.view, slider)),
      lock: (slider) => this.settle(toggleLock(this.view, slider, this.valueOf(slider))),
      tell: () => this.tell(),
      done,
      soon,
      show,
    });
    this.classes = new ClassDesk(find(".classes"), {
      move: (changes, event) => this.move({ ...this.view, ...changes }, event),
      settle: (changes) => this.settle({ ...this.view, ...changes }),
      zOf: (label) => this.finish(this.base, { ...this.view, label, toward: null }, this.header),
      done,
    });
    this.small = new SmallPictures();
    this.buildTiles(find(".tiles"));
    this.favourites = new Favourites(find(".favourites"), {
      here: () => ({ run: this.run, step: this.step }),
      told: (view) => (this.header ? classWords(view, this.header) : ""),
      settle,
      commit,
    });
    this.walk = new Walk(find(".walk"), { keys: () => this.walkKeys(), draw: (z) => this.drawPicture(z), rest: show });
    this.film = new Film(this.root, {
      touch: (event) => (this.stamp = event.timeStamp),
      begin: () => this.walk.set(false),
      draw: () => this.drawPicture(this.finish(this.base, this.view)),
      closed: show,
      commit,
    });
  }

  // the neighbours' small pictures
  buildTiles(parent) {
    this.tiles = Array.from({ length: NUM_NEIGHBOURS }, (_, i) => {
      const button = pictureButton(`Go to neighbour ${i + 1}`, () => this.settle(goneTo(this.view, i + 1)));
      button.dataset.testid = `tile-${i}`;
      parent.appendChild(button);
      return { canvas: button.firstChild, z: () => this.finish(this.around[i + 1], this.view, this.header) };
    });
  }

  // ---- what the page gives

  // a packed generator; the picture stays until the first one of the new model is there
  setModel(file, kernels) {
    this.engine?.end();
    this.engine = new Engine(file, kernels);
    this.header = this.engine.header;
    this.classes.setClasses(this.header.classes);
    this.small.set([...this.tiles, ...this.classes.pictures]);
    this.small.setEngine(this.engine);
    this.stage.setEngine(this.engine);
    this.roots = null;
    this.film.setEngine(this.engine);
    this.show();
  }

  // facts: { run, step, numSteps, dims, axes, measured, canMeasure }; dims are [dimension, strength], strongest first;
  // there are none before they are asked for.
  // axes: { kind, kinds: list of [kind, label, help], rows: kind -> list of [axis, name, strength, help], directions:
  // axis -> float32 in base64 }; rows of a kind that isn't there yet come when it is asked for
  setFacts(facts) {
    [this.run, this.step] = [facts.run, facts.step];
    this.directions = unpackDirections(facts.axes?.directions ?? {});
    this.measure.hidden = !facts.canMeasure;
    this.desk.setFacts(facts);
    this.film.setFacts(facts.step, facts.numSteps);
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

  // ---- controls

  listen() {
    const on = (target, type, act) => (typeof target === "string" ? this.root.querySelector(target) : target).addEventListener(type, act);
    const slide = (name, key) => {
      on(this.fields[name], "input", (event) => this.move({ ...this.view, [key]: Number(this.fields[name].value) }, event));
      on(this.fields[name], "change", () => this.commit());
      on(this.fields[name], "dblclick", () => this.settle({ ...this.view, [key]: PLAIN_VIEW[key] }));
    };
    slide("distance", "distance");
    slide("truncation", "truncation");
    on(".randomize", "click", () => this.settle(startFrom(this.view, Math.floor(Math.random() * 100000))));
    on(".others", "click", () => this.settle({ ...this.view, around: Math.floor(Math.random() * 100000) }));
    on(this.back, "click", () => this.settle({ ...this.view, hops: this.view.hops.slice(0, -1) }));
    on(this.reset, "click", () => this.settle(atRest(this.view)));
    on(this.measure, "click", () => this.host.commit({ measure: true }));
    on(this.undo, "click", () => this.travel(-1));
    on(this.redo, "click", () => this.travel(1));
    on(".keep", "click", () => this.favourites.keep(this.view, this.picture.toDataURL()));
    const save = this.root.querySelector(".save");
    [save.hidden, save.download] = [!this.host.save, this.host.save ?? ""];
    on(save, "click", () => (save.href = this.picture.toDataURL()));
    on(this.root, "keydown", (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || event.target.type === "number") return;
      event.preventDefault();
      this.travel(event.shiftKey ? 1 : -1);
    });
  }

  // header: that of the model which draws; at a moment of the film classes lie elsewhere
  finish(z, view, header = this.film.painter?.header ?? this.header) {
    return finishZ(z, view, header, this.directions);
  }

  // where a slider stands: a dimension's at its value, an axis' at what was added along it
  valueOf(slider) {
    const limit = this.reachOf(slider), rest = typeof slider === "string" ? 0 : this.base[slider];
    return Math.min(limit, Math.max(-limit, new Map(this.view.sliders).get(slider) ?? rest));
  }

  reachOf(slider) {
    return limitOf(this.header.prior, slider);
  }

  // the z that a walk goes through: the favourites of this model, or seeds from here on while there are fewer than two
  walkKeys() {
    const mine = this.favourites.views();
    const seeds = Array.from({ length: WALK_SEEDS }, (_, i) => startFrom(this.view, (this.view.seed + i) % (MAX_SEED + 1)));
    return (mine.length > 1 ? mine : seeds).map((view) => this.finish(baseZ(view, this.header), view));
  }

  // ---- from one view to the next

  // while a hand is at it: everything follows, nothing is told
  move(view, event) {
    this.stamp = event?.timeStamp ?? performance.now();
    this.walk.set(false);
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
    this.host.commit({ params: toParams(this.view), page: this.desk.page, axes: this.desk.kind });
  }

  // ---- what is seen

  show() {
    if (!this.header) return;
    const { view } = this;
    const roots = JSON.stringify([view.seed, view.z, view.hops, view.distance, view.around]);
    if (roots !== this.roots) {
      // what sliders and truncation don't change: the z that they start from
      this.roots = roots;
      this.base = baseZ(view, this.header);
      this.around = neighbours(this.base, NUM_NEIGHBOURS + 1, view.distance, view.around, this.header.prior);
    }
    this.desk.show(view, (slider) => this.valueOf(slider), (slider) => this.reachOf(slider));
    this.showControls();
    this.showButtons();
    if (!this.walk.walking) this.drawPicture(this.finish(this.base, view));
    this.small.draw();
  }

  showControls() {
    const { view, fields } = this;
    const set = (input, value) => input.value !== String(value) && (input.value = value);
    set(fields.distance, view.distance);
    set(fields.truncation, view.truncation);
    this.seed.show(view.z ? "" : view.seed); // a z that was given has none
    for (const [name, share] of [["distance", (view.distance - 5) / 95], ["truncation", view.truncation / 2]])
      fields[name].style.setProperty("--at", `${100 * share}%`);
    fields["distance-out"].textContent = `${view.distance} %`;
    fields["truncation-out"].textContent = view.truncation.toFixed(2);
    this.wheel.show(view.seed);
    this.classes.show(view, this.header);
    const words = classWords(view, this.header), as = words && ` as ${words}`;
    this.picture.setAttribute("aria-label", `What ${view.z ? "a given z" : `seed ${view.seed}`} gives${as} at step ${(this.step ?? 0).toLocaleString("en")}`);
  }

  showButtons() {
    const loose = this.view.sliders.length - this.view.locked.length, reset = loose ? `Reset ${loose} moved` : "Reset";
    this.undo.disabled = this.now === 0;
    this.redo.disabled = this.now >= this.past.length - 1;
    this.back.disabled = !this.view.hops.length;
    this.reset.disabled = !loose;
    if (this.reset.textContent !== reset) this.reset.textContent = reset;
    this.desk.showButtons();
  }

  drawPicture(z) {
    this.stage.show(z, this.stamp, this.film.painter);
  }

  end() {
    this.walk.set(false);
    this.film.close();
    clearTimeout(this.soon);
    this.small.end();
    this.stage.end();
    this.engine?.end();
    this.root.remove();
  }
}
