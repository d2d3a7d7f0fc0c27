// A GAN on points of the plane: G moves z to places, D says how real a place looks, and both learn by turns.

import { Random } from "../latent/random.js";
import { Adam } from "./adam.js";
import { Dense } from "./dense.js";
import { drawReal } from "./distributions.js";
import { LOSSES } from "./game_losses.js";

const HIDDEN = [32, 32];
const MOST_AT_ONCE = 1024; // points that go through a network together: those of the field, or a batch and as many fakes

export class Game {
  // settings: seed, real, drawn, z, loss, rateG, rateD, stepsD, batch (game_settings.js); all but seed and z may change
  constructor(settings) {
    this.settings = settings;
    this.random = new Random(settings.seed);
    this.G = new Dense([settings.z, ...HIDDEN, 2], MOST_AT_ONCE, this.random);
    this.D = new Dense([2, ...HIDDEN, 1], MOST_AT_ONCE, this.random);
    [this.adamG, this.adamD] = [this.G, this.D].map(({ params }) => new Adam(params.length));
    this.steps = 0;
    const room = (size) => new Float64Array(size * MOST_AT_ONCE);
    [this.z, this.real, this.both, this.between, this.pulls] = [settings.z, 2, 2, 2, 2].map(room);
    this.slopes = room(1);
  }

  // One step (Goodfellow et al. 2014, algorithm 1): D learns, each time from a fresh batch, then G from the last z.
  step() {
    this.prepare();
    this.lossD = this.learnD();
    this.lossG = this.learnG();
    this.steps += 1;
  }

  // all of a step that comes before D learns for the last time
  prepare() {
    for (let k = 1; k < this.settings.stepsD; k++) {
      this.drawBatch();
      this.learnD();
    }
    this.drawBatch();
  }

  drawBatch() {
    const { z, batch, real, drawn } = this.settings;
    for (let i = 0; i < batch * z; i++) this.z[i] = this.random.normal();
    drawReal(real, batch, this.random, this.real, drawn);
  }

  // D's step on the batch; its loss before it, without the penalty
  learnD() {
    const loss = this.gradientD();
    this.adamD.step(this.D.params, this.D.grads, this.settings.rateD);
    return loss;
  }

  learnG() {
    const loss = this.gradientG();
    this.adamG.step(this.G.params, this.G.grads, this.settings.rateG);
    return loss;
  }

  gradientD() {
    const { D, slopes, settings: { batch, loss } } = this, value = this.findLossD();
    D.backward(slopes, 2 * batch);
    if (LOSSES[loss].penalty) this.penalise(LOSSES[loss].penalty);
    return value;
  }

  gradientG() {
    const { G, D, slopes, settings: { batch } } = this, value = this.findLossG();
    G.backward(D.backward(slopes, batch, false), batch);
    return value;
  }

  // D's loss on the batch; `slopes` is its gradient at D's outputs on the real points, then on the fakes
  findLossD() {
    const { both, settings: { batch, loss } } = this;
    both.set(this.real.subarray(0, 2 * batch));
    both.set(this.G.forward(this.z, batch).subarray(0, 2 * batch), 2 * batch);
    const says = this.D.forward(both, 2 * batch);
    const { real, fake } = LOSSES[loss];
    return this.mean(says, real, 0, batch) + this.mean(says, fake, batch, 2 * batch);
  }

  findLossG() {
    const { G, D, settings: { batch, loss } } = this;
    return this.mean(D.forward(G.forward(this.z, batch), batch), LOSSES[loss].G, 0, batch);
  }

  mean(says, lossOf, from, to) {
    let sum = 0;
    for (let i = from; i < to; i++) {
      const [value, slope] = lossOf(says[i]);
      sum += value;
      this.slopes[i] = slope / (to - from);
    }
    return sum / (to - from);
  }

  // adds the gradient of weight * mean (|dD/dx| - 1)^2, at places x between pairs of real and fake points
  penalise(weight) {
    const { D, both, between, pulls, slopes, settings: { batch } } = this;
    for (let p = 0; p < batch; p++) {
      const share = this.random.uniform();
      for (const i of [2 * p, 2 * p + 1]) between[i] = share * both[i] + (1 - share) * both[2 * batch + i];
    }
    D.forward(between, batch);
    const slope = D.backward(slopes.fill(1, 0, batch), batch, false);
    for (let p = 0; p < batch; p++) {
      const steep = Math.hypot(slope[2 * p], slope[2 * p + 1]);
      const pull = steep && (2 * weight * (steep - 1)) / steep / batch;
      for (const i of [2 * p, 2 * p + 1]) pulls[i] = pull * slope[i];
    }
    D.backwardOfSlopes(pulls, batch);
  }
}
