// Seeds to z as PyTorch draws them, and walks between z: what dcgan/latent/walks.py and pages/latent/view.py do in Python.

import { placed } from "./classes.js";
import { givenZ } from "./codes.js";

// Mersenne Twister (Matsumoto and Nishimura 1998), as torch.Generator on the CPU.
class Random {
  constructor(seed) {
    this.state = new Uint32Array(624);
    this.state[0] = seed;
    for (let i = 1; i < 624; i++) {
      const x = this.state[i - 1] ^ (this.state[i - 1] >>> 30);
      this.state[i] = Math.imul(1812433253, x) + i;
    }
    this.next = 624;
    this.spare = null; // Box-Muller makes two at a time
  }

  bits() {
    if (this.next === 624) {
      const s = this.state;
      for (let i = 0; i < 624; i++) {
        const y = (s[i] & 0x80000000) | (s[(i + 1) % 624] & 0x7fffffff);
        s[i] = s[(i + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      this.next = 0;
    }
    let y = this.state[this.next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  // one of 2^24 numbers in [0, 1), as torch.rand in float32
  uniform() {
    return (this.bits() & 0xffffff) / 0x1000000;
  }

  // one of 2^53 numbers in [0, 1)
  fineUniform() {
    const [high, low] = [this.bits() & 0x1fffff, this.bits()];
    return (high * 0x100000000 + low) / 2 ** 53;
  }

  // torch.randn(n): 16 and more are made in blocks of 16, fewer one by one in double precision
  normals(n) {
    const out = new Float32Array(n);
    if (n < 16) return out.map(() => this.normal());
    for (let i = 0; i < n; i++) out[i] = this.uniform();
    for (let i = 0; i + 16 <= n; i += 16) boxMuller(out.subarray(i, i + 16));
    if (n % 16) boxMuller(out.subarray(n - 16).map(() => this.uniform()), out.subarray(n - 16));
    return out;
  }

  normal() {
    if (this.spare !== null) {
      const spare = this.spare;
      this.spare = null;
      return spare;
    }
    const angle = 2 * Math.PI * this.fineUniform();
    const radius = Math.sqrt(-2 * Math.log1p(-this.fineUniform()));
    this.spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
}

function boxMuller(uniform, out = uniform) {
  const { fround } = Math;
  for (let i = 0; i < 8; i++) {
    const radius = fround(Math.sqrt(fround(-2 * fround(Math.log(fround(1 - uniform[i]))))));
    const angle = fround(fround(2 * Math.PI) * uniform[i + 8]);
    out[i] = radius * fround(Math.cos(angle));
    out[i + 8] = radius * fround(Math.sin(angle));
  }
}

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
