// A morph and a square of corners as plain objects, and as the parameters of an address: what pages/latent/morph.py
// does in Python. A keyframe is a view (views.js) of which only counts what decides the picture.

import { baseZ, finishZ, slerp } from "./latent.js";
import { MAX_SEED, MOST_CLASSES, PLAIN_VIEW, fromParams, short, toParams } from "./views.js";

export const MAX_KEYS = 12;
export const [FEWEST_FRAMES, MOST_FRAMES] = [12, 240];
export const [FEWEST_PER_SIDE, MOST_PER_SIDE] = [3, 15];
export const PACES = ["lerp", "slerp", "even"];
export const ofSeed = (seed) => ({ ...PLAIN_VIEW, seed });
export const PLAIN_MORPH = { keys: [0, 1, 2, 3].map(ofSeed), mode: "slerp", frames: 72, loop: true, fps: 18, truncation: 1 };
export const PLAIN_SQUARE = { seeds: [0, 1, 2, 3], n: 7, at: [0.5, 0.5], truncation: 1, labels: [null, null, null, null] };

const wholeOf = (text, low, high, otherwise) =>
  /^\d{1,10}$/.test(text ?? "") && Number(text) >= low && Number(text) <= high ? Number(text) : otherwise;
const numberOf = (text, low, high, otherwise) => {
  const value = text === undefined || text === "" ? NaN : Number(text);
  return value >= low && value <= high ? value : otherwise;
};
const seedsOf = (text, fewest, most) => {
  const seeds = (text ?? "").split("_").map((part) => wholeOf(part, 0, MAX_SEED, NaN));
  return seeds.length >= fewest && seeds.length <= most && !seeds.some(Number.isNaN) ? seeds : null;
};

// what a keyframe has beyond its seed, as in "walk:25.0.4;truncation:0.5"; "" for none
export function beyondSeed(view) {
  const { seed, distance, around, locked, ...rest } = toParams(view);
  return Object.entries(rest).map((pair) => pair.join(":")).join(";");
}

function keyOf(seed, beyond = "") {
  const params = beyond.split(";").map((part) => part.split(":")).filter((pair) => pair.length === 2);
  return fromParams({ ...Object.fromEntries(params), seed: String(seed) });
}

// as a keyframe: without what only the laboratory around a picture needs
export const asKey = (view) => keyOf(view.seed, beyondSeed(view));

export function toMorphParams({ keys, mode, frames, loop, fps, truncation }) {
  const params = { seeds: keys.map(({ seed }) => seed).join("_") };
  keys.forEach((view, i) => beyondSeed(view) && (params[`key${i + 1}`] = beyondSeed(view)));
  if (mode !== PLAIN_MORPH.mode) params.mode = mode;
  if (frames !== PLAIN_MORPH.frames) params.frames = String(frames);
  if (!loop) params.loop = "0";
  if (fps !== PLAIN_MORPH.fps) params.fps = String(fps);
  if (truncation !== 1) params.truncation = short(truncation);
  return params;
}

// What `toMorphParams` wrote; whatever can't be meant is left at its default.
export function fromMorphParams(params) {
  const seeds = seedsOf(params.seeds, 2, MAX_KEYS);
  return {
    keys: seeds ? seeds.map((seed, i) => keyOf(seed, params[`key${i + 1}`])) : PLAIN_MORPH.keys,
    mode: PACES.includes(params.mode) ? params.mode : PLAIN_MORPH.mode,
    frames: wholeOf(params.frames, FEWEST_FRAMES, MOST_FRAMES, PLAIN_MORPH.frames),
    loop: params.loop !== "0",
    fps: wholeOf(params.fps, 1, 50, PLAIN_MORPH.fps),
    truncation: numberOf(params.truncation, 0, 2, 1),
  };
}

// labels: the class that each corner is asked for, null for the one that its seed shows by itself
export function toSquareParams({ seeds, n, at, truncation, labels }) {
  const params = { corners: seeds.join("_") };
  if (labels.some((label) => label !== null)) params.classes = labels.join("_");
  if (n !== PLAIN_SQUARE.n) params.n = String(n);
  if (String(at) !== String(PLAIN_SQUARE.at)) params.at = at.map(short).join("_");
  if (truncation !== 1) params.truncation = short(truncation);
  return params;
}

export function fromSquareParams(params) {
  const at = (params.at ?? "").split("_").map((text) => numberOf(text, 0, 1, NaN));
  const labels = (params.classes ?? "").split("_").map((text) => wholeOf(text, 0, MOST_CLASSES - 1, null));
  return {
    seeds: seedsOf(params.corners, 4, 4) ?? PLAIN_SQUARE.seeds,
    n: wholeOf(params.n, FEWEST_PER_SIDE, MOST_PER_SIDE, PLAIN_SQUARE.n),
    at: at.length === 2 && !at.some(Number.isNaN) ? at : PLAIN_SQUARE.at,
    truncation: numberOf(params.truncation, 0, 2, 1),
    labels: labels.length === 4 ? labels : PLAIN_SQUARE.labels,
  };
}

// What each corner of a square shows by itself.
export const cornerViews = ({ seeds, labels }) => seeds.map((seed, i) => ({ ...ofSeed(seed), label: labels[i] }));

// A keyframe's or corner's z, as the generator takes it.
export function keyZ(view, truncation, header, directions) {
  return finishZ(baseZ(view, header), view, header, directions, truncation);
}

// Between four corners' z (top left, top right, bottom left, bottom right): down both sides, then across.
export function squareZ([topLeft, topRight, bottomLeft, bottomRight], x, y) {
  return slerp(slerp(topLeft, bottomLeft, y), slerp(topRight, bottomRight, y), x);
}

export const morphParams = {
  Morph: { read: fromMorphParams, write: toMorphParams },
  Corners: { read: fromSquareParams, write: toSquareParams },
};
