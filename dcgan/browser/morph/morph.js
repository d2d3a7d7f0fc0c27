// A morph that plays live: keyframes, the picture, its pace, the film strip. It knows no server: who puts it on a page
// gives it a model and a morph (morphs.js), and hears of what changed when a hand lets go.

import { Change } from "../controls/change_chart.js";
import { Fields } from "../controls/fields.js";
import { Player } from "../controls/player.js";
import { Engine } from "../engine/painter.js";
import { Sketches } from "../engine/sketches.js";
import { Stage } from "../engine/stage.js";
import { unpackDirections } from "../latent/latent.js";
import {
  FEWEST_FRAMES, MOST_FRAMES, PACES, PLAIN_MORPH, asKey, beyondSeed, fromMorphParams, keyZ, toMorphParams,
} from "../latent/morphs.js";
import { evenTimes, numLegs, pathTimes, samplesPerLeg, travelled, travelledAt, walkTo } from "../latent/paths.js";
import { fromParams, sameView } from "../latent/views.js";
import { Keyframes, paintOn } from "./keyframes.js";
import { Pace } from "./pace.js";

const PACE_WORDS = {
  lerp: ["Linear", "Straight from keyframe to keyframe, through the emptier middle of the space: pictures on the way are paler."],
  slerp: ["Spherical", "Along the sphere on which nearly all z lie: every picture on the way is as plausible as its ends."],
  even: ["Even", "Along the sphere, re-timed so that each frame changes the picture as much as any other."],
};

const MORPH_MARKUP = `
<section class="keys"></section>
<section class="stage">
  <canvas class="picture" data-testid="latent-canvas" data-frame="0" role="img" width="1" height="1" tabindex="0" title="Play or pause"></canvas>
</section>
<section class="settings">
  <div class="kinds" role="group" aria-label="Pace"></div>
  <p class="caption"></p>
  <div class="change"></div>
  <div class="fields">
    <label title="In all, shared among the legs from keyframe to keyframe; the files have exactly these."><span>Frames <output></output></span>
      <input type="range" name="frames" min="${FEWEST_FRAMES}" max="${MOST_FRAMES}" step="1" data-testid="morph-frames"></label>
    <label title="In the player and in the files."><span>Frames per second <output></output></span>
      <input type="range" name="fps" min="1" max="50" step="1" data-testid="morph-fps"></label>
    <label title="Multiplies z. Below 1: more typical pictures, less variety."><span>Truncation <output></output></span>
      <input type="range" name="truncation" min="0" max="2" step="0.05" data-testid="morph-truncation"></label>
    <div class="loop"><button class="switch" type="button" role="switch" data-testid="morph-loop" title="A last leg leads back to the first keyframe, and the film repeats without a seam."><i></i>Seamless loop</button>
      <output class="length"></output></div>
  </div>
</section>
<section class="timeline"></section>`;

export class Morph {
  // host: commit({ morph }) hears of parameters that are meant to stay; picture(file), where there is one, of a picture
  // that is to become a keyframe
  constructor(parent, host) {
    this.host = host;
    this.root = document.createElement("div");
    this.root.className = "lab morph";
    this.root.innerHTML = MORPH_MARKUP;
    parent.appendChild(this.root);
    const find = (name) => this.root.querySelector(name);
    [this.canvas, this.paces, this.caption, this.loop, this.length] = [".picture", ".kinds", ".caption", ".switch", ".length"].map(find);
    this.fields = new Fields(this.root, PLAIN_MORPH, (changes, done) => this.set(changes, done));
    this.stage = new Stage(this.canvas);
    this.morph = PLAIN_MORPH;
    this.committed = toMorphParams(PLAIN_MORPH);
    this.directions = new Map();
    this.favourites = [];
    this.row = new Keyframes(find(".keys"), {
      change: (keys, done) => this.set({ keys }, done),
      seek: (place) => this.player.seek(this.placeOf(place)),
      picture: (file) => this.host.picture(file),
    });
    this.chart = new Change(find(".change"));
    this.player = new Player(find(".timeline"), (position) => this.see(position));
    this.row.choose.hidden = !host.picture;
    this.listen();
    this.show();
  }

  // ---- what the page gives

  setModel(file, kernels) {
    this.closeModel();
    this.engine = new Engine(file, kernels);
    this.header = this.engine.header;
    this.stage.setEngine(this.engine);
    this.row.setHeader(this.header);
    this.sketches = new Sketches(this.engine);
    this.pace = new Pace(file, kernels, (share) => this.chart.wait(share));
    for (const card of [...this.row.cards, ...this.row.favourites]) card.drawn = null;
    this.show();
  }

  closeModel() {
    this.sketches?.end();
    this.pace?.end();
    this.engine?.end();
  }

  // facts: { run, step, directions: axis -> float32 in base64 }
  setFacts(facts) {
    this.facts = facts;
    this.directions = unpackDirections(facts.directions ?? {});
    this.show();
  }

  // a morph from outside, such as the address
  setParams(params) {
    const read = fromMorphParams(params), old = [...this.morph.keys];
    const same = (view) => old.findIndex((other) => sameView(other, view));
    // keyframes that stay are the very same, so that their pictures stay, too
    this.morph = { ...read, keys: read.keys.map((view) => (same(view) < 0 ? { ...view } : old.splice(same(view), 1)[0])) };
    this.committed = toMorphParams(this.morph);
    this.show();
  }

  setFavourites(kept) {
    this.row.showFavourites(kept.map((params) => asKey(fromParams(params))));
    this.show();
  }

  tell(words) {
    this.row.tell(words);
  }

  // ---- controls

  listen() {
    this.paces.append(
      ...PACES.map((mode) => {
        const button = document.createElement("button");
        [button.type, button.textContent, button.title] = ["button", ...PACE_WORDS[mode]];
        Object.assign(button.dataset, { mode, testid: `pace-${mode}` });
        button.addEventListener("click", () => this.set({ mode }));
        return button;
      }),
    );
    this.loop.addEventListener("click", () => this.set({ loop: !this.morph.loop }));
    this.canvas.addEventListener("click", () => this.player.play(!this.player.playing));
    this.root.addEventListener("keydown", (event) => {
      if (event.key !== " " || event.repeat || !(event.target === this.canvas || event.target.type === "range")) return;
      event.preventDefault();
      this.player.play(!this.player.playing);
    });
    if (!this.host.picture) return;
    const mark = (on) => this.root.classList.toggle("drop", on);
    this.root.addEventListener("dragover", (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      mark(true);
    });
    this.root.addEventListener("dragleave", (event) => this.root.contains(event.relatedTarget) || mark(false));
    this.root.addEventListener("drop", (event) => {
      mark(false);
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      this.host.picture(event.dataTransfer.files[0]);
    });
  }

  // done: the hand has let go
  set(changes, done = true) {
    this.morph = { ...this.morph, ...changes };
    this.show();
    if (!done) return;
    const params = toMorphParams(this.morph);
    if (JSON.stringify(params) === JSON.stringify(this.committed)) return;
    this.committed = params;
    this.tell("");
    this.host.commit({ morph: params });
  }

  // ---- what is seen

  show() {
    this.row.show(this.morph.keys);
    this.showControls();
    if (!this.header) return;
    const { morph, header } = this;
    const nameOf = (view) => JSON.stringify([view.seed, beyondSeed(view), morph.truncation, [...this.directions.keys()]]);
    this.names = morph.keys.map(nameOf);
    this.zs = morph.keys.map((view) => this.zOf(view));
    this.findTimes();
    this.player.setLength(morph.frames, morph.fps);
    const due = [...this.row.cards, ...this.row.favourites].filter((card) => card.drawn !== nameOf(card.view));
    const strip = this.player.sketches((position) => this.zAt(position), header.size);
    this.sketches.draw([
      ...due.map((card) => ({
        z: this.zOf(card.view),
        paint: (image) => {
          card.drawn = nameOf(card.view);
          paintOn(card.canvas)(image);
        },
      })),
      ...strip,
    ]);
  }

  zOf(view) {
    return keyZ(view, this.morph.truncation, this.header, this.directions);
  }

  // when each frame is, and how much it changes the picture, as soon as that is known
  findTimes() {
    const { mode, frames, loop } = this.morph, legs = numLegs(this.zs.length, loop);
    this.base = mode === "lerp" ? "lerp" : "slerp";
    const seen = this.pace.changes(this.zs, this.names, this.base, loop, samplesPerLeg(frames, legs), () => this.show());
    const sums = seen && travelled(seen);
    const plain = pathTimes(this.zs.length, frames, loop);
    this.times = mode === "even" && sums ? evenTimes(sums, legs, frames, loop) : plain;
    this.root.dataset.pace = mode === "even" && !sums ? "looking" : mode;
    const changes = (times) => {
      const along = times.slice(0, loop ? frames + 1 : frames).map((time) => travelledAt(sums, legs, time));
      return along.slice(1).map((far, i) => far - along[i]);
    };
    if (sums) this.chart.show(changes(this.times), changes(plain));
  }

  zAt(position) {
    const before = Math.floor(position), share = position - before;
    const time = this.times[before] + share * ((this.times[before + 1] ?? this.times[before]) - this.times[before]);
    return walkTo(this.zs, time, this.base);
  }

  // the position at which a keyframe is passed
  placeOf(key) {
    const after = this.times.findIndex((time) => time >= key);
    if (after <= 0) return 0;
    const [low, high] = [this.times[after - 1], this.times[after]];
    return Math.min(after - 1 + (key - low) / (high - low), this.morph.frames - 1);
  }

  see(position) {
    if (!this.times) return;
    const shown = Math.min(position, this.morph.loop ? this.morph.frames : this.morph.frames - 1);
    this.stage.show(this.zAt(shown));
    this.chart.root.style.setProperty("--at", `${(100 * shown) / this.morph.frames}%`);
    const near = Math.round(this.times[Math.floor(shown)]) % this.zs.length;
    if (near !== this.near || !this.row.cards[near]?.node.classList.contains("now")) {
      this.near = near;
      this.row.cards.forEach(({ node }, i) => node.classList.toggle("now", i === near));
    }
  }

  showControls() {
    const { morph } = this;
    for (const button of this.paces.children) button.setAttribute("aria-pressed", button.dataset.mode === morph.mode);
    this.caption.textContent = PACE_WORDS[morph.mode][1];
    this.fields.show(morph);
    this.loop.setAttribute("aria-checked", morph.loop);
    this.length.textContent = `${morph.frames} frames, ${(morph.frames / morph.fps).toFixed(1)} s`;
    this.canvas.setAttribute("aria-label", `On the way through ${morph.keys.map((view) => this.row.wordsOf(view)).join("; ")}`);
  }

  end() {
    this.player.end();
    this.stage.end();
    this.closeModel();
    this.root.remove();
  }
}
