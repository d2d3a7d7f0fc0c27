// Seeds to z as PyTorch draws them, and walks between z: what dcgan/latent/walks.py and pages/latent/view.py do in Python.

import { placed } from "./classes.js";
import { givenZ } from "./codes.js";
import { Random } from "./random.js";

function draw(random, n, prior) {
  if (prior === "normal") return random.normals(n);
  return new Float32Array(n).map(() => Math.fround(Math.fround(random.uniform() * 2) - 1));
}

function zFromSeed(seed, n, prior) {
  return draw(new Random(seed), n, prior);
}

const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
const norm = (a) => Math.sqrt(dot(a, a));

// z itself and n - 1 around it; see `neighbours` in dcgan/latent/walks.py
export function neighbours(z, n, percent, seed, prior) {
  const random = new Random(seed);
  const noise = Array.from({ length: n }, () => draw(random, z.length, prior));
  const radius = (percent / 100) * (prior === "normal" ? Math.PI / 2 : 1);
  if (prior === "uniform")
    return noise.map((row, i) => (i ? z.map((x, k) => Math.min(1, Math.max(-1, x + radius * row[k]))) : z));
  const length = norm(z);
  const unit = Float64Array.from(z, (x) => x / length);
  return noise.map((row, i) => {
    if (!i) return z;
    const along = dot(row, unit);
    const side = Float64Array.from(row, (x, k) => x - along * unit[k]);
    const size = norm(side) || 1e-12;
    return z.map((_, k) => Math.cos(radius) * z[k] + (Math.sin(radius) * length * side[k]) / size);
  });
}

// From a to b along the great circle (Shoemake 1985), the norm going linearly; t = 0 is a.
export function slerp(a, b, t) {
  const [normA, normB] = [norm(a), norm(b)];
  const cosine = Math.min(1, Math.max(-1, dot(a, b) / (normA * normB)));
  const angle = Math.acos(cosine);
  if (!(angle > 1e-4 && angle < Math.PI - 1e-4)) return a.map((x, i) => (1 - t) * x + t * b[i]);
  const length = (1 - t) * normA + t * normB;
  const weightA = ((Math.sin((1 - t) * angle) / Math.sin(angle)) * length) / normA;
  const weightB = ((Math.sin(t * angle) / Math.sin(angle)) * length) / normB;
  return a.map((x, i) => weightA * x + weightB * b[i]);
}

// axis -> float32 in base64, as facts bring them
export function unpackDirections(packed) {
  const numbers = (text) => new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  return new Map(Object.entries(packed).map(([axis, text]) => [axis, numbers(text)]));
}

const AXIS_LIMIT = 3; // standard deviations that an axis' slider goes either way
export const limitOf = (prior, slider = 0) => (typeof slider === "string" ? AXIS_LIMIT : prior === "normal" ? 3 : 1);

// A view is the plain object that pages/latent/view.py calls View: seed, hops, sliders, truncation, distance, around,
// locked, the code of a z that takes the place of the seed's, and its class, with how far it is toward another.
export function baseZ(view, header) {
  const { z_dim, prior } = header;
  let z = givenZ(view, header) ?? zFromSeed(view.seed, z_dim, prior);
  for (const [distance, around, number] of view.hops) z = neighbours(z, number + 1, distance, around, prior)[number];
  return z;
}

// Sliders and truncation on a z, truncated once more by `truncation`, then moved to its class; `directions` (axis ->
// Float32Array) says what one standard deviation along it adds.
export function finishZ(z, view, header, directions, truncation = 1) {
  const { z_dim, prior } = header;
  const done = Float32Array.from(z), limit = limitOf(prior);
  const known = view.sliders.filter(([slider]) => directions?.get(slider)?.length === z_dim);
  for (const [dim, value] of view.sliders) if (dim < z_dim) done[dim] = Math.min(limit, Math.max(-limit, value));
  for (const [axis, value] of known) directions.get(axis).forEach((x, i) => (done[i] += value * x));
  if (known.length && prior === "uniform") done.forEach((x, i) => (done[i] = Math.min(1, Math.max(-1, x))));
  const small = done.map((x) => x * Math.fround(view.truncation)).map((x) => x * Math.fround(truncation));
  return placed(small, view, header);
}
