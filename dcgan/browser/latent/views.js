// A view as a plain object, and as the parameters of an address: what pages/latent/view.py does in Python.

import { decodeZ } from "./codes.js";

export const MAX_SEED = 2 ** 32 - 1;
export const NUM_NEIGHBOURS = 12;
export const MOST_CLASSES = 4096;
export const PLAIN_VIEW = {
  seed: 0, hops: [], sliders: [], truncation: 1, distance: 25, around: 0, locked: [], z: "", label: null, toward: null, share: 0,
};

// 1.5 as "1.5", 0.3000001 as "0.3": as Python's format "g"
export const short = (x) => String(Number(x.toPrecision(6)));

// The parameters that differ from the plain view, all as text; the seed is always there.
export function toParams(view) {
  const params = { seed: String(view.seed) };
  if (view.hops.length) params.walk = view.hops.map((hop) => hop.join(".")).join("_");
  if (view.sliders.length) params.sliders = view.sliders.map(([slider, value]) => `${slider}~${short(value)}`).join("_");
  if (view.truncation !== 1) params.truncation = short(view.truncation);
  if (view.distance !== PLAIN_VIEW.distance) params.distance = String(view.distance);
  if (view.around) params.around = String(view.around);
  if (view.locked.length) params.locked = view.locked.join("_");
  if (view.z) params.z = view.z;
  if (view.label !== null) params.class = String(view.label);
  if (view.toward !== null) params.toward = String(view.toward);
  if (view.toward !== null && view.share) params.share = short(view.share);
  return params;
}

// A slider's name is the number of a dimension of z, or that of an axis, such as "c2"; dimensions come first.
const sliderOf = (text) => (/^[a-z](0|[1-9]\d{0,3})$/.test(text) ? text : /^\d{1,4}$/.test(text) && Number(text) < 4096 ? Number(text) : null);
const placeOf = (slider) => (typeof slider === "number" ? ["", slider] : [slider[0], Number(slider.slice(1))]);
function inOrder(a, b) {
  const [[letterA, a1], [letterB, b1]] = [placeOf(a), placeOf(b)];
  return letterA === letterB ? a1 - b1 : letterA < letterB ? -1 : 1;
}
const sorted = (sliders) => [...sliders].sort(([a], [b]) => inOrder(a, b));

// What `toParams` wrote; whatever can't be meant is left at its default.
export function fromParams(params) {
  const whole = (text, low, high, otherwise) => {
    const value = /^\d{1,10}$/.test(text ?? "") ? Number(text) : NaN;
    return value >= low && value <= high ? value : otherwise;
  };
  const parts = (text) => (text ? text.split("_") : []);
  const hops = parts(params.walk).map((part) => part.split(".").map((n) => whole(n, 0, MAX_SEED, NaN)));
  const fine = hops.every((hop) => hop.length === 3 && hop.every((n) => n >= 0) && hop[2] >= 1 && hop[2] <= NUM_NEIGHBOURS);
  const sliders = new Map();
  for (const part of parts(params.sliders)) {
    const [slider, value] = [sliderOf(part.split("~")[0]), parseFloat(part.split("~")[1])];
    if (slider !== null && Number.isFinite(value)) sliders.set(slider, Math.min(3, Math.max(-3, value)));
  }
  const truncation = parseFloat(params.truncation ?? "1"), share = parseFloat(params.share ?? "0");
  const toward = whole(params.toward, 0, MOST_CLASSES - 1, null);
  return {
    seed: whole(params.seed, 0, MAX_SEED, 0),
    hops: fine ? hops.slice(0, 100) : [],
    sliders: sorted(sliders),
    truncation: truncation >= 0 && truncation <= 2 ? truncation : 1,
    distance: whole(params.distance, 5, 100, PLAIN_VIEW.distance),
    around: whole(params.around, 0, MAX_SEED, 0),
    locked: [...sliders.keys()].filter((slider) => parts(params.locked).includes(String(slider))).sort(inOrder),
    z: params.z && decodeZ(params.z) ? params.z : "",
    label: whole(params.class, 0, MOST_CLASSES - 1, null),
    toward,
    share: toward !== null && share >= 0 && share <= 1 ? share : 0,
  };
}

export const sameView = (a, b) => JSON.stringify(toParams(a)) === JSON.stringify(toParams(b));

// What the controls do: each returns a new view.

export function withSlider(view, slider, value) {
  return { ...view, sliders: sorted(new Map(view.sliders).set(slider, value)) };
}

export function withoutSlider(view, dim) {
  return { ...view, sliders: view.sliders.filter(([d]) => d !== dim), locked: view.locked.filter((d) => d !== dim) };
}

// A new seed is a new start: the walk ends, a given z goes, and the sliders go where its z is; locked ones stay, and so
// does the class that was chosen.
export function startFrom(view, seed) {
  return { ...view, seed, z: "", hops: [], sliders: view.sliders.filter(([dim]) => view.locked.includes(dim)) };
}

export function atRest(view) {
  return { ...view, sliders: view.sliders.filter(([dim]) => view.locked.includes(dim)) };
}

// A locked slider keeps its value, whatever else starts anew.
export function toggleLock(view, dim, value) {
  if (view.locked.includes(dim)) return { ...view, locked: view.locked.filter((d) => d !== dim) };
  return { ...withSlider(view, dim, value), locked: [...view.locked, dim].sort(inOrder) };
}

export function goneTo(view, number) {
  const hop = [view.distance, view.around, number];
  return view.hops.length < 100 ? { ...view, hops: [...view.hops, hop] } : view;
}
