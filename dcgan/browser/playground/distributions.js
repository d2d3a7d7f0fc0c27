// The real points: where each distribution of the playground lays them, in a plane whose sides go from -1 to 1.

const turn = (share) => [Math.cos(2 * Math.PI * share), Math.sin(2 * Math.PI * share)];
const pick = (random, n) => Math.floor(n * random.uniform());

// each: (random, drawn) -> [x, y, spread]: a point is normal about it; `drawn` lists the points drawn by hand
const CENTRES = {
  ring: (random) => [...turn(pick(random, 8) / 8).map((x) => 0.75 * x), 0.03],
  two: (random) => [pick(random, 2) ? 0.55 : -0.55, 0, 0.1],
  line: (random) => [...[1, 0.6].map(((along) => (x) => x * along)(1.5 * random.uniform() - 0.75)), 0.03],
  spiral: (random) => {
    const share = Math.sqrt(random.uniform()), radius = 0.8 * share;
    return [...turn(1.5 * share).map((x) => radius * x), 0.02];
  },
  drawn: (random, drawn) => [...drawn[pick(random, drawn.length)], 0.02],
};

export const DISTRIBUTIONS = Object.keys(CENTRES);

// writes n points (n, 2) to `out`
export function drawReal(name, n, random, out, drawn) {
  for (let p = 0; p < n; p++) {
    const [x, y, spread] = CENTRES[name](random, drawn);
    out[2 * p] = x + spread * random.normal();
    out[2 * p + 1] = y + spread * random.normal();
  }
  return out;
}
