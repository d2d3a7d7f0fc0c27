// Walks through keyframes, as `path` and `even_path` of dcgan/latent/walks.py time them. A time is a leg's number plus the
// part of it that has been walked; time k is keyframe k.

import { slerp } from "./latent.js";

const OVERSAMPLE = 5; // looks per frame, at least, of an even walk

export const numLegs = (keys, loop) => keys - !loop;

// From a to b, linearly; t = 0 is a.
const lerp = (a, b, t) => a.map((x, i) => (1 - t) * x + t * b[i]);

// The z at a time; the keyframe after the last one is the first.
export function walkTo(keys, time, mode) {
  const leg = Math.min(Math.floor(time), keys.length - 1);
  return (mode === "lerp" ? lerp : slerp)(keys[leg], keys[(leg + 1) % keys.length], time - leg);
}

// The times of all frames and that of the end, when the legs share the frames: (frames + 1).
export function pathTimes(numKeys, frames, loop) {
  const legs = numLegs(numKeys, loop), steps = frames - !loop, times = [];
  const start = (leg) => Math.floor((2 * leg * steps + legs) / (2 * legs));
  for (let leg = 0; leg < legs; leg++)
    for (let i = start(leg), end = start(leg + 1), first = i; i < end; i++) times.push(leg + (i - first) / (end - first));
  while (times.length <= frames) times.push(legs);
  return times;
}

// How often an even walk looks at each leg: a power of two, so that what was seen serves other lengths as well.
export const samplesPerLeg = (frames, legs) => 2 ** Math.ceil(Math.log2(Math.max(1, (OVERSAMPLE * frames) / legs)));

// How far the picture has come at each look, strictly rising from 0; `changes` are those from look to look.
export function travelled(changes) {
  const mean = changes.reduce((sum, x) => sum + x, 0) / changes.length;
  const sums = new Float64Array(changes.length + 1);
  changes.forEach((x, i) => (sums[i + 1] = sums[i] + x + mean * 1e-6 + 1e-12));
  return sums;
}

// The times of all frames and of the end when each changes the picture equally: (frames + 1).
export function evenTimes(sums, legs, frames, loop) {
  const looks = sums.length - 1, times = [];
  for (let frame = 0, after = 1; frame <= frames; frame++) {
    const wanted = (Math.min(1, frame / (frames - !loop)) * sums[looks]);
    while (after < looks && sums[after] < wanted) after++;
    const share = (wanted - sums[after - 1]) / (sums[after] - sums[after - 1]);
    times.push(((after - 1 + Math.min(1, Math.max(0, share))) / looks) * legs);
  }
  times[0] = 0;
  return times;
}

// How far the picture has come at any time, of `travelled`.
export function travelledAt(sums, legs, time) {
  const at = (time / legs) * (sums.length - 1), before = Math.min(Math.floor(at), sums.length - 2);
  return sums[before] + (at - before) * (sums[before + 1] - sums[before]);
}
