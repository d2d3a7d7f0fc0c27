// The grid that is laid over z, and the size of what is seen. Its lines stand where a normal number falls between any
// two neighbours equally often, so that every cell holds the same share of the fakes: small cells are crowded ones.

export const REACH = 1.25; // the plane is seen from -REACH to REACH, both ways
export const FIELD = 32; // D's field has so many places along each side
const Z_SCALE = 0.45; // of the plane to one of z, where z itself is shown

// by the numbers in z: lines along each, and points in all
export const LATTICE = { 1: { lines: 65, points: 65 }, 2: { lines: 17, points: 289 } };

// the points of the grid (points, z), row by row
export function latticeOf(z) {
  const { lines, points } = LATTICE[z];
  const along = Array.from({ length: lines }, (_, i) => normalBelow((i + 0.5) / lines));
  return Float64Array.from({ length: points * z }, (_, i) =>
    z === 1 ? along[i] : i % 2 ? along[Math.floor(i / 2 / lines)] : along[(i / 2) % lines]);
}

// z (n, z) as places of the plane (n, 2): one number runs along the middle
export function placesOfZ(z, numbers) {
  return Float32Array.from({ length: (2 * z.length) / numbers }, (_, i) =>
    numbers === 2 ? Z_SCALE * z[i] : i % 2 ? 0 : Z_SCALE * z[i / 2]);
}

// the number below which a normal one falls with this probability, by halving
function normalBelow(share) {
  let [low, high] = [-6, 6];
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (shareBelow(middle) < share) low = middle;
    else high = middle;
  }
  return low;
}

// Abramowitz and Stegun 1964, 26.2.17: right to 1e-7
function shareBelow(x) {
  if (x < 0) return 1 - shareBelow(-x);
  const t = 1 / (1 + 0.2316419 * x);
  const sum = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return 1 - (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * sum;
}
