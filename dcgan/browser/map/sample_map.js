// The map of a generator's samples. It knows no server: who puts it on a page gives it places and a model, and hears
// which samples are to be opened.

import { farthestFirst, nearestSample, sampleToward } from "./map_places.js";
import { MapCamera } from "./map_camera.js";
import {
  mapColours, mapChosen, mapDots, mapLine, mapNumber, mapPicture, alphaOf, NO_CLASS_COLOUR, pictureSide,
} from "./map_drawing.js";
import { MapHand } from "./map_hand.js";
import { MAP_MARKUP } from "./map_markup.js";
import { MapPath } from "./map_path.js";
import { MapPictures } from "./map_pictures.js";
import { MapSide } from "./map_side.js";

const PICTURE_GAP = 2; // pixels between two pictures
const LEAST_SHOWN_PX = 12; // a picture's side, below which it stays a dot
const NEAR_PX = 12, NEAR_TOUCH_PX = 24; // within which a dot is pointed at
const MAP_DPR = 2;
const CHOSEN_SIZE = 1.5; // of a sample that is pointed at, beside the others
const TOOL_ZOOM = 1.8;

export class SampleMap {
  // host: open(seeds) hears of one seed to explore, or of several to morph through
  constructor(parent, host) {
    this.host = host;
    this.root = document.createElement("div");
    this.root.className = "sample-map";
    this.root.innerHTML = MAP_MARKUP;
    parent.appendChild(this.root);
    this.canvas = this.root.querySelector(".map-canvas");
    this.context = this.canvas.getContext("2d");
    this.camera = new MapCamera();
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.side = new MapSide(this.root, {
      open: () => this.open([this.chosen]),
      morph: () => this.open(this.path.keys),
      clear: () => this.path.clear(),
      only: (k) => {
        this.only = k;
        this.draw();
      },
    });
    this.path = new MapPath(this, () => this.side.showPath(this.path.keys.map((i) => this.about(i))));
    this.hand = new MapHand(this.canvas, this.acts());
    const press = (name, act) => this.root.querySelector(name).addEventListener("click", act);
    const zoom = (factor) => {
      this.camera.zoomAt(factor, this.camera.width / 2, this.camera.height / 2);
      this.draw();
    };
    press(".closer", () => zoom(TOOL_ZOOM));
    press(".farther", () => zoom(1 / TOOL_ZOOM));
    press(".whole", () => {
      this.camera.fit();
      this.draw();
    });
    this.tool = this.root.querySelector(".map-tools .line");
    this.tool.addEventListener("click", () => this.setLine(!this.drawsLine));
    this.resized = new ResizeObserver(() => this.resize());
    this.resized.observe(this.canvas);
  }

  // ---- what the page gives

  // facts: { first seed, places: x, y, x, y ... from 0 to `side`, classes (-1 for none), names }; file: a packed generator
  set({ first, places, side, classes, names }, file) {
    this.first = first;
    this.xs = Float64Array.from(classes, (_, i) => places[2 * i] / side);
    this.ys = Float64Array.from(classes, (_, i) => places[2 * i + 1] / side);
    [this.classes, this.names, this.only, this.chosen, this.hovered] = [classes, names, null, -1, false];
    Object.assign(this, farthestFirst(this.xs, this.ys));
    const counts = names.map((_, k) => classes.filter((each) => each === k).length);
    this.colours = mapColours(counts);
    this.pictures?.end();
    this.pictures = new MapPictures(file, (i) => this.seedOf(i), () => this.draw());
    this.side.setClasses(names, counts, this.colours);
    this.path.clear();
    const told = names.map((name, k) => [counts[k], name]).filter(([count]) => count).sort(([a], [b]) => b - a);
    const words = told.map(([count, name]) => `${count} ${name}`).join(", ");
    const seeds = `seeds ${first} to ${this.seedOf(classes.length - 1)}`;
    this.canvas.setAttribute("aria-label", `${classes.length} samples, ${seeds}${words && `: ${words}`}. Arrow keys go from sample to sample, Enter explores one, space makes it a keyframe, plus and minus zoom.`);
    this.choose(this.order[0], false);
    this.draw();
  }

  seedOf(i) {
    return (this.first + i) % 2 ** 32;
  }

  // what a person is told of a sample
  about(i) {
    return { i, seed: this.seedOf(i), name: this.names[this.classes[i]] ?? "", colour: this.colourOf(i) };
  }

  colourOf(i) {
    return this.colours[this.classes[i]] ?? NO_CLASS_COLOUR;
  }

  // ---- what a hand does

  acts() {
    return {
      camera: () => this.camera,
      drawsLine: () => this.drawsLine,
      moved: () => this.draw(),
      point: (x, y) => {
        const i = x === null ? -1 : this.under(x, y, NEAR_PX);
        this.canvas.style.cursor = this.drawsLine ? "crosshair" : i < 0 ? "" : "pointer";
        this.hovered = i >= 0;
        if (i >= 0) this.choose(i, false);
        this.draw();
      },
      click: (x, y, isTouch) => {
        const i = this.under(x, y, isTouch ? NEAR_TOUCH_PX : NEAR_PX);
        if (i < 0) return;
        if (isTouch && i !== this.chosen) return this.choose(i, true); // a finger can't point without a click
        this.choose(i, false);
        this.open([i]);
      },
      line: (places, done) => {
        if (places || this.path.line) this.path.follow(places?.map(([x, y]) => this.camera.onMap(x, y)) ?? null, done);
        if (done && places) this.setLine(false);
        this.draw();
      },
      step: (way) => {
        const next = sampleToward(this.chosen, way, this.shown().keys(), this.xs, this.ys);
        if (next < 0) return;
        this.choose(next, true);
        const [x, y] = this.camera.onScreen(this.xs[next], this.ys[next]), { width, height } = this.camera;
        if (x < 30 || y < 30 || x > width - 30 || y > height - 30) this.camera.goTo(this.xs[next], this.ys[next]);
      },
      enter: () => this.open([this.chosen]),
      mark: (x, y) => {
        const i = x === undefined ? this.chosen : this.under(x, y, NEAR_TOUCH_PX);
        if (i >= 0) this.path.toggle(i);
      },
      clear: () => (this.path.keys.length ? this.path.clear() : this.setLine(false)),
    };
  }

  setLine(drawsLine) {
    this.drawsLine = drawsLine;
    this.tool.setAttribute("aria-pressed", drawsLine);
    this.canvas.style.cursor = drawsLine ? "crosshair" : "";
    this.side.hint(drawsLine);
  }

  open(samples) {
    this.canvas.style.cursor = "progress";
    this.host.open(samples.map((i) => this.seedOf(i)));
  }

  choose(i, aloud) {
    if (i === this.chosen) return;
    this.chosen = i;
    this.side.show(this.about(i), this.pictures.get(i), aloud);
    this.draw();
  }

  // the sample whose picture is at these pixels, or whose dot is within so many; -1 for none
  under(x, y, near) {
    const away = (i) => {
      const [left, top] = this.camera.onScreen(this.xs[i], this.ys[i]);
      return [Math.abs(left - x), Math.abs(top - y)];
    };
    for (const [i, side] of this.shown()) if (Math.max(...away(i)) <= side / 2) return i;
    const i = nearestSample(...this.camera.onMap(x, y), this.xs, this.ys);
    return Math.hypot(...away(i)) <= near ? i : -1;
  }

  // ---- what is seen

  // the samples that have room for a picture, as far as they are in sight -> its side in pixels
  shown() {
    const { camera } = this, most = pictureSide(camera.zoom), found = new Map();
    for (let k = 0; k < this.order.length; k++) {
      const side = Math.min(most, 2 * (this.room[k] * camera.scale - PICTURE_GAP) - most);
      if (side < LEAST_SHOWN_PX) break;
      if (this.inSight(this.order[k], side)) found.set(this.order[k], side);
    }
    return found;
  }

  inSight(i, side) {
    const [x, y] = this.camera.onScreen(this.xs[i], this.ys[i]);
    return x > -side && y > -side && x < this.camera.width + side && y < this.camera.height + side;
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    this.context.dpr = Math.min(MAP_DPR, devicePixelRatio);
    [this.canvas.width, this.canvas.height] = [width, height].map((px) => Math.round(px * this.context.dpr));
    this.camera.resize(width, height);
    this.paint(performance.now());
  }

  draw() {
    this.request ??= requestAnimationFrame((now) => {
      this.request = null;
      this.paint(now);
    });
  }

  paint(now) {
    if (!this.pictures || this.camera.width <= 1) return;
    const { camera, context } = this, passed = Math.min(50, now - (this.paintedAt ?? now - 16));
    const gliding = camera.glide(this.still.matches ? Infinity : passed), shown = this.shown(), side = pictureSide(camera.zoom);
    this.paintedAt = gliding ? now : undefined;
    context.setTransform(context.dpr, 0, 0, context.dpr, 0, 0);
    context.clearRect(0, 0, camera.width, camera.height);
    this.paintDots(shown);
    let settled = true;
    const special = [...new Set([this.chosen, ...this.path.keys])];
    for (const [i, each] of shown) {
      if (special.includes(i)) continue;
      context.globalAlpha = alphaOf(this.only, this.classes[i]);
      settled = mapPicture(context, this.pictures.get(i), ...this.place(i), each, this.colourOf(i), now) && settled;
    }
    context.globalAlpha = 1;
    if (this.path.line) mapLine(context, this.path.line.map((place) => camera.onScreen(...place)));
    for (const i of special) settled = this.paintSpecial(i, side, now) && settled;
    this.pictures.want([...special, ...shown.keys()].filter((i) => !this.pictures.get(i)));
    this.side.paint((i) => this.pictures.get(i));
    const drawn = [...shown.keys()].filter((i) => this.pictures.get(i)).length;
    Object.assign(this.canvas.dataset, { shown: shown.size, drawn, zoom: camera.zoom.toFixed(2), chosen: this.seedOf(this.chosen) });
    if (gliding || !settled) this.draw();
  }

  place(i) {
    return this.camera.onScreen(this.xs[i], this.ys[i]);
  }

  paintDots(shown) {
    const radius = Math.min(4, 1.6 + 0.4 * this.camera.zoom), byClass = new Map();
    for (let i = 0; i < this.xs.length; i++) {
      if (shown.has(i) || !this.inSight(i, radius)) continue;
      if (!byClass.has(this.classes[i])) byClass.set(this.classes[i], []);
      byClass.get(this.classes[i]).push(i);
    }
    for (const [k, samples] of byClass) {
      this.context.globalAlpha = 0.75 * alphaOf(this.only, k);
      mapDots(this.context, samples.map((i) => this.place(i)), this.colourOf(samples[0]), radius);
    }
  }

  // one that is pointed at, or a keyframe of the line
  paintSpecial(i, side, now) {
    const number = this.path.keys.indexOf(i) + 1, [x, y] = this.place(i), size = CHOSEN_SIZE * side;
    const settled = mapChosen(this.context, this.pictures.get(i), x, y, size, now);
    if (number) mapNumber(this.context, number, x - size / 2, y - size / 2);
    return settled;
  }

  end() {
    cancelAnimationFrame(this.request);
    this.resized.disconnect();
    this.pictures?.end();
    this.root.remove();
  }
}
