// A small dense network on points, forward and backward by hand: leaky ReLU between its layers, none behind the last.
// Points lie row by row: n points of `size` numbers are a Float64Array whose first n * size entries count.

const LEAK = 0.2; // Radford et al. 2016: the slope of leaky ReLU below zero

export class Dense {
  // sizes: numbers in, of each hidden layer, and out; most: the points that go through at once
  constructor(sizes, most, random) {
    Object.assign(this, { sizes, most });
    let length = 0;
    this.layers = sizes.slice(1).map((outputs, i) => {
      const inputs = sizes[i], weight = length, bias = length + inputs * outputs;
      length = bias + outputs;
      return { inputs, outputs, weight, bias };
    });
    this.params = new Float64Array(length); // layer by layer: weights (inputs, outputs), biases (outputs)
    this.grads = new Float64Array(length);
    for (const { inputs, outputs, weight } of this.layers) {
      const last = weight === this.layers.at(-1).weight; // begins small: fakes in the middle of the plane, D undecided
      const spread = Math.sqrt((last ? 0.03 : 2) / (1 + LEAK ** 2) / inputs); // He et al. 2015, equation 14
      for (let i = 0; i < inputs * outputs; i++) this.params[weight + i] = spread * random.normal();
    }
    const room = () => sizes.map((size) => new Float64Array(most * size));
    [this.values, this.deltas, this.tangents] = [room(), room(), room()];
  }

  // the outputs for n points x; they hold until the next call
  forward(x, n) {
    const { values, layers, params } = this;
    values[0].set(x.subarray(0, n * this.sizes[0]));
    layers.forEach(({ inputs, outputs, weight, bias }, l) => {
      const [from, to] = [values[l], values[l + 1]];
      for (let p = 0; p < n; p++) for (let o = 0; o < outputs; o++) to[p * outputs + o] = params[bias + o];
      multiply(from, params, weight, to, n, inputs, outputs);
      if (l < layers.length - 1) for (let i = 0; i < n * outputs; i++) if (to[i] < 0) to[i] *= LEAK;
    });
    return values[layers.length];
  }

  // From the loss's gradient at the outputs of the last forward, to that at its n points, which is returned. The
  // gradient at the weights is added to `grads`, unless `learns` is false.
  backward(slopes, n, learns = true) {
    const { values, deltas, layers, params, grads } = this;
    deltas[layers.length].set(slopes.subarray(0, n * this.sizes[layers.length]));
    for (let l = layers.length - 1; l >= 0; l--) {
      const { inputs, outputs, weight, bias } = layers[l], [from, to, x] = [deltas[l + 1], deltas[l], values[l]];
      if (learns) {
        gather(x, from, grads, weight, n, inputs, outputs);
        for (let p = 0; p < n; p++) for (let o = 0; o < outputs; o++) grads[bias + o] += from[p * outputs + o];
      }
      multiplyBack(from, params, weight, to, n, inputs, outputs);
      if (l) for (let i = 0; i < n * inputs; i++) if (x[i] < 0) to[i] *= LEAK; // the sign outlives leaky ReLU
    }
    return deltas[0];
  }

  // Adds to `grads` the gradient of a function of what the last backward returned, given that function's gradient
  // `pulls` at it: backward is linear in each layer's weights, so this runs through them once more, forwards.
  backwardOfSlopes(pulls, n) {
    const { values, deltas, tangents, layers, params, grads } = this;
    tangents[0].set(pulls.subarray(0, n * this.sizes[0]));
    layers.forEach(({ inputs, outputs, weight }, l) => {
      gather(tangents[l], deltas[l + 1], grads, weight, n, inputs, outputs);
      if (l === layers.length - 1) return;
      const [to, x] = [tangents[l + 1], values[l + 1]];
      to.fill(0, 0, n * outputs);
      multiply(tangents[l], params, weight, to, n, inputs, outputs);
      for (let i = 0; i < n * outputs; i++) if (x[i] < 0) to[i] *= LEAK;
    });
  }
}

// The three products. Each takes four terms a round, so that a number is fetched and put back a quarter as often.

// to (n, outputs) += from (n, inputs) W
function multiply(from, params, weight, to, n, inputs, outputs) {
  const whole = inputs - (inputs % 4);
  for (let p = 0; p < n; p++) {
    const x = p * inputs, at = p * outputs;
    for (let i = 0; i < whole; i += 4) {
      const a = from[x + i], b = from[x + i + 1], c = from[x + i + 2], d = from[x + i + 3];
      const row = weight + i * outputs, second = row + outputs, third = second + outputs, fourth = third + outputs;
      for (let o = 0; o < outputs; o++)
        to[at + o] += a * params[row + o] + b * params[second + o] + c * params[third + o] + d * params[fourth + o];
    }
    for (let i = whole; i < inputs; i++)
      for (let o = 0; o < outputs; o++) to[at + o] += from[x + i] * params[weight + i * outputs + o];
  }
}

// to (n, inputs) = from (n, outputs) W'
function multiplyBack(from, params, weight, to, n, inputs, outputs) {
  const whole = outputs - (outputs % 4);
  for (let p = 0; p < n; p++)
    for (let i = 0; i < inputs; i++) {
      const row = weight + i * outputs, at = p * outputs;
      let a = 0, b = 0, c = 0, d = 0;
      for (let o = 0; o < whole; o += 4) {
        a += from[at + o] * params[row + o];
        b += from[at + o + 1] * params[row + o + 1];
        c += from[at + o + 2] * params[row + o + 2];
        d += from[at + o + 3] * params[row + o + 3];
      }
      for (let o = whole; o < outputs; o++) a += from[at + o] * params[row + o];
      to[p * inputs + i] = a + b + (c + d);
    }
}

// the gradient at W (inputs, outputs) += x (n, inputs)' slopes (n, outputs)
function gather(x, slopes, grads, weight, n, inputs, outputs) {
  const whole = n - (n % 4);
  for (let p = 0; p < whole; p += 4)
    for (let i = 0; i < inputs; i++) {
      const from = p * inputs + i, row = weight + i * outputs;
      const a = x[from], b = x[from + inputs], c = x[from + 2 * inputs], d = x[from + 3 * inputs];
      const first = p * outputs, second = first + outputs, third = second + outputs, fourth = third + outputs;
      for (let o = 0; o < outputs; o++)
        grads[row + o] += a * slopes[first + o] + b * slopes[second + o] + c * slopes[third + o] + d * slopes[fourth + o];
    }
  for (let p = whole; p < n; p++)
    for (let i = 0; i < inputs; i++)
      for (let o = 0; o < outputs; o++) grads[weight + i * outputs + o] += x[p * inputs + i] * slopes[p * outputs + o];
}
