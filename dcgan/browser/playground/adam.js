// Adam (Kingma and Ba 2015, algorithm 1) on one array of weights, with the first decay of Radford et al. 2016.

const BETA1 = 0.5, BETA2 = 0.999, EPSILON = 1e-8;

export class Adam {
  constructor(length) {
    this.means = new Float64Array(length);
    this.squares = new Float64Array(length);
    this.steps = 0;
  }

  // moves the weights against their gradient, which is zero afterwards
  step(params, grads, rate) {
    const { means, squares } = this;
    this.steps += 1;
    const size = rate / (1 - BETA1 ** this.steps), share = 1 - BETA2 ** this.steps;
    for (let i = 0; i < params.length; i++) {
      const slope = grads[i];
      means[i] += (1 - BETA1) * (slope - means[i]);
      squares[i] += (1 - BETA2) * (slope * slope - squares[i]);
      params[i] -= (size * means[i]) / (Math.sqrt(squares[i] / share) + EPSILON);
    }
    grads.fill(0);
  }
}
