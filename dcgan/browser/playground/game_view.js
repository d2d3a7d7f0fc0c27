// What is seen of a game: always the same z and real points, G's grid, D's field, the arrows, and how far apart fakes
// and real points are. Looking changes nothing: it takes no number from the game's own.

import { Random } from "../latent/random.js";
import { drawReal } from "./distributions.js";
import { LOSSES, sigmoid } from "./game_losses.js";
import { FIELD, LATTICE, REACH, latticeOf } from "./lattice.js";

const SHOWN = 128; // fakes, and real points
const LOOKS = 77; // a seed of its own

export class GameView {
  constructor(game) {
    this.game = game;
    this.z = new Float64Array(SHOWN * game.settings.z);
    const random = new Random(game.settings.seed + LOOKS);
    for (let i = 0; i < this.z.length; i++) this.z[i] = random.normal();
    this.lattice = latticeOf(game.settings.z);
    this.places = Float64Array.from({ length: 2 * FIELD * FIELD }, (_, i) => {
      const cell = i >> 1, at = i % 2 ? FIELD - 1 - Math.floor(cell / FIELD) : cell % FIELD;
      return REACH * ((2 * at + 1) / FIELD - 1); // row by row from the top left
    });
    this.look();
  }

  // the real points that are shown; call it when they are of another distribution
  look() {
    const { seed, real, drawn } = this.game.settings, random = new Random(seed + LOOKS + 1);
    [this.real, this.others] = [0, 1].map(() => drawReal(real, SHOWN, random, new Float64Array(2 * SHOWN), drawn));
    [this.within, this.floor] = [meanDistance(this.real, this.real), energyDistance(this.real, this.others)];
  }

  // all of it, as plain numbers and float32 arrays
  now() {
    const { game, real } = this, { steps, lossD, lossG } = game;
    const fakes = this.placesOf(this.z, SHOWN);
    return {
      steps, lossD, lossG, real: Float32Array.from(real), fakes: Float32Array.from(fakes), arrows: this.arrows(fakes, SHOWN),
      lattice: this.bent(), says: [this.says(real, SHOWN), this.says(fakes, SHOWN)], field: this.field(),
      apart: energyDistance(fakes, real, this.within), floor: this.floor,
    };
  }

  // The game's next step, taken apart: the batch, and what each half of the step changes. It is the very step that
  // `game.step` takes.
  slowStep() {
    const { game } = this, { settings: { batch, z } } = game;
    game.prepare();
    const fakesNow = () => this.placesOf(game.z, batch);
    const found = { z: Float32Array.from(game.z.subarray(0, batch * z)), real: Float32Array.from(game.real.subarray(0, 2 * batch)) };
    const fakes = fakesNow();
    const verdict = () => [this.says(game.real, batch), this.says(fakes, batch)];
    Object.assign(found, { fakes: Float32Array.from(fakes), lattice: this.bent(), field: this.field(), says: verdict() });
    game.lossD = game.learnD();
    Object.assign(found, { lossD: [game.lossD, game.findLossD()], fieldAfter: this.field(), saysAfter: verdict() });
    found.arrows = this.arrows(fakes, batch);
    game.lossG = game.learnG();
    found.lossG = [game.lossG, game.findLossG()];
    Object.assign(found, { fakesAfter: Float32Array.from(fakesNow()), latticeAfter: this.bent() });
    game.steps += 1;
    return found;
  }

  placesOf(z, n) {
    return this.game.G.forward(z, n).slice(0, 2 * n);
  }

  bent() {
    return Float32Array.from(this.placesOf(this.lattice, LATTICE[this.game.settings.z].points));
  }

  // what D says of n points on average: a probability with bce, else a score
  says(points, n) {
    const said = this.game.D.forward(points, n), bce = this.game.settings.loss === "bce";
    let sum = 0;
    for (let i = 0; i < n; i++) sum += bce ? sigmoid(said[i]) : said[i];
    return sum / n;
  }

  // of each point -dL/dx, the way on which it would look more real to D, where L is G's loss of this point alone
  arrows(points, n) {
    const { D, settings: { loss } } = this.game, said = D.forward(points, n);
    const slopes = Float64Array.from({ length: n }, (_, i) => -LOSSES[loss].G(said[i])[1]);
    return Float32Array.from(D.backward(slopes, n, false).subarray(0, 2 * n));
  }

  // D over the plane, from -1, fake, to 1, real; scores of wasserstein have no zero: the middle of all is theirs
  field() {
    const { D, settings: { loss } } = this.game, said = D.forward(this.places, FIELD * FIELD).slice(0, FIELD * FIELD);
    if (loss === "bce") return Float32Array.from(said, (s) => 2 * sigmoid(s) - 1);
    if (loss === "hinge") return Float32Array.from(said, (s) => Math.max(-1, Math.min(1, s)));
    const [low, high] = [Math.min(...said), Math.max(...said)];
    return Float32Array.from(said, (s) => (2 * s - low - high) / (high - low || 1));
  }
}

// Between two sets of points (Szekely and Rizzo 2013, equation 2): 0 for the same distribution. `within`: mean distance
// between points of b, where it is known.
function energyDistance(a, b, within = meanDistance(b, b)) {
  return 2 * meanDistance(a, b) - meanDistance(a, a) - within;
}

function meanDistance(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i += 2)
    for (let j = 0; j < b.length; j += 2) sum += Math.sqrt((a[i] - b[j]) ** 2 + (a[i + 1] - b[j + 1]) ** 2);
  return (4 * sum) / a.length / b.length;
}
