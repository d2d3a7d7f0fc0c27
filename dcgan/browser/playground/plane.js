// Draws the plane: D's field, G's grid, real points as discs, fakes as diamonds, and the arrows on them.

import { rgbOf } from "./game_colours.js";
import { FIELD, LATTICE, REACH } from "./lattice.js";

const ARROW = 0.12; // of the plane, for a slope of one
const LONGEST = 0.4;
const FIELD_STRENGTH = 0.5; // of its colours, where D is sure
const FINEST = 2; // device pixels to one of the page: more can't be seen and costs

export class Plane {
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
    this.field = new OffscreenCanvas(FIELD, FIELD);
    this.stamps = new Map();
    this.frames = 0;
  }

  // Of a scene every part may be missing: field (FIELD * FIELD values from -1 to 1), lattice with z, how many numbers
  // it has, real, fakes and arrows (points, 2), cursor [x, y]; `shares` fades parts, by their names. colours: coloursOf
  paint(scene, colours) {
    const { canvas, pen } = this, finest = Math.min(FINEST, devicePixelRatio);
    const side = Math.round(canvas.clientWidth * finest);
    if (!side) return;
    if (canvas.width !== side) canvas.width = canvas.height = side;
    this.half = side / 2;
    this.dot = Math.max(2, side / 190);
    pen.clearRect(0, 0, side, side);
    const parts = {
      field: () => this.paintField(scene.field, colours),
      lattice: () => this.paintLattice(scene.lattice, scene.z, colours.fake),
      real: () => this.paintPoints(scene.real, colours, "real"),
      fakes: () => this.paintPoints(scene.fakes, colours, "fake"),
      arrows: () => this.paintArrows(scene.from ?? scene.fakes, scene.arrows, colours.text),
      cursor: () => this.paintCursor(scene.cursor, colours.text),
    };
    for (const [name, act] of Object.entries(parts)) {
      pen.globalAlpha = scene.shares?.[name] ?? 1;
      if (scene[name] && pen.globalAlpha) act();
    }
    canvas.dataset.frame = ++this.frames;
  }

  x(x) {
    return this.half * (1 + x / REACH);
  }

  y(y) {
    return this.half * (1 - y / REACH);
  }

  paintField(values, colours) {
    const image = new ImageData(FIELD, FIELD), [fake, real] = ["fake", "real"].map((name) => rgbOf(colours[name]));
    for (let i = 0; i < values.length; i++) {
      const [red, green, blue] = values[i] > 0 ? real : fake, at = 4 * i;
      image.data[at] = red;
      image.data[at + 1] = green;
      image.data[at + 2] = blue;
      image.data[at + 3] = 255 * FIELD_STRENGTH * Math.abs(values[i]);
    }
    this.field.getContext("2d").putImageData(image, 0, 0);
    this.pen.imageSmoothingEnabled = true;
    this.pen.drawImage(this.field, 0, 0, 2 * this.half, 2 * this.half);
  }

  paintLattice(points, z, colour) {
    const { pen } = this, { lines } = LATTICE[z];
    const rows = z === 1 ? [[0, 1]] : Array.from({ length: lines }, (_, i) => [[i * lines, 1], [i, lines]]).flat();
    pen.beginPath();
    for (const [from, stride] of rows)
      for (let i = 0; i < lines; i++) {
        const at = 2 * (from + i * stride);
        if (i) pen.lineTo(this.x(points[at]), this.y(points[at + 1]));
        else pen.moveTo(this.x(points[at]), this.y(points[at + 1]));
      }
    pen.strokeStyle = colour;
    pen.lineWidth = this.dot * (z === 1 ? 0.8 : 0.3);
    pen.lineJoin = "round";
    pen.stroke();
  }

  paintPoints(points, colours, kind) {
    const { pen } = this, stamp = this.stampOf(kind, colours), middle = stamp.width / 2;
    for (let i = 0; i < points.length; i += 2) pen.drawImage(stamp, this.x(points[i]) - middle, this.y(points[i + 1]) - middle);
  }

  // a point, made once for each look: to trace hundreds anew in every picture would take longer than all else here
  stampOf(kind, colours) {
    const { dot, stamps } = this, look = [kind, dot, colours[kind], colours.page].join();
    if (stamps.has(look)) return stamps.get(look);
    const side = 2 * Math.ceil(2 * dot) + 1, stamp = new OffscreenCanvas(side, side), pen = stamp.getContext("2d");
    pen.translate(side / 2, side / 2);
    if (kind === "real") pen.arc(0, 0, dot, 0, 2 * Math.PI);
    else for (const [right, down] of [[1, 0], [0, 1], [-1, 0], [0, -1]]) pen.lineTo(1.35 * right * dot, 1.35 * down * dot);
    pen.closePath();
    pen.lineWidth = dot * 0.7; // a rim, so that points stand apart from the field
    pen.strokeStyle = colours.page;
    pen.stroke();
    pen.fillStyle = colours[kind];
    pen.fill();
    stamps.set(look, stamp);
    return stamp;
  }

  paintArrows(points, arrows, colour) {
    const { pen, half, dot } = this;
    pen.beginPath();
    for (let i = 0; i < arrows.length; i += 2) {
      const steep = Math.hypot(arrows[i], arrows[i + 1]), long = Math.min(LONGEST, ARROW * steep);
      if (long * half < dot) continue; // hidden by its point
      const [across, down] = [arrows[i] / steep, -arrows[i + 1] / steep];
      const [x, y] = [this.x(points[i]), this.y(points[i + 1])];
      const [toX, toY] = [x + (across * long * half) / REACH, y + (down * long * half) / REACH];
      pen.moveTo(x, y);
      pen.lineTo(toX, toY);
      for (const side of [-1, 1]) {
        pen.moveTo(toX, toY);
        pen.lineTo(toX - 1.6 * dot * (across + side * 0.6 * down), toY - 1.6 * dot * (down - side * 0.6 * across));
      }
    }
    pen.strokeStyle = colour;
    pen.lineWidth = dot * 0.4;
    pen.stroke();
  }

  paintCursor([x, y], colour) {
    const { pen, dot } = this, [atX, atY] = [this.x(x), this.y(y)];
    pen.beginPath();
    pen.arc(atX, atY, 3 * dot, 0, 2 * Math.PI);
    for (const [across, down] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      pen.moveTo(atX + 2 * dot * across, atY + 2 * dot * down);
      pen.lineTo(atX + 5 * dot * across, atY + 5 * dot * down);
    }
    pen.strokeStyle = colour;
    pen.lineWidth = dot * 0.5;
    pen.stroke();
  }
}
