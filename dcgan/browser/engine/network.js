// A packed generator (pack.py) in the browser: z -> RGBA bytes. Runs in a page, a worker, or Node.

const ACTIVATIONS = ["none", "relu", "leaky-relu", "selu", "tanh"];

// The header of a packed generator, and where its numbers begin; of classes it has the centres themselves.
export function unpackHeader(file) {
  const length = new DataView(file.buffer, file.byteOffset).getUint32(0, true), start = 4 + length;
  const header = JSON.parse(new TextDecoder().decode(file.subarray(4, start))), { classes } = header;
  if (classes) {
    const at = start + classes.centres[0], size = 4 * header.z_dim;
    classes.centres = classes.names.map((_, i) => new Float32Array(file.slice(at + i * size, at + (i + 1) * size).buffer));
  }
  return { header, start };
}

// The kernels of generator.c in the fastest form that this browser takes: fused, plain, or JavaScript.
export function makeKernels(modules, wanted) {
  for (const [name, bytes] of Object.entries(modules)) {
    if ((wanted && wanted !== name) || !globalThis.WebAssembly) continue;
    try {
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
      const base = exports.__heap_base.value;
      const reserve = (size) => {
        const missing = base + size - exports.memory.buffer.byteLength;
        if (missing > 0) exports.memory.grow(Math.ceil(missing / 65536));
        return exports.memory.buffer;
      };
      return { name, base, reserve, ...exports };
    } catch (error) {
      if (!(error instanceof WebAssembly.CompileError)) throw error; // one that it can't take is tried no further
    }
  }
  return javascriptKernels();
}

// The same in plain JavaScript, for browsers without WebAssembly SIMD; addresses are bytes, as there.
function javascriptKernels() {
  let floats, halves, ints;
  const activate = (x, activation, leak) => {
    if (activation === 1) return x > 0 ? x : 0;
    if (activation === 2) return x > 0 ? x : leak * x;
    if (activation === 3) return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x));
    return activation === 4 ? Math.tanh(x) : x;
  };
  const finish = (out, count, scale, shift, activation, leak) => {
    for (let v = 0; v < count; v++) {
      const y = activate(floats[out + v], activation, leak);
      floats[out + v] = scale ? y * floats[(scale >> 2) + v] + floats[(shift >> 2) + v] : y;
    }
  };
  // one pixel, four channels; `pitch` is the panel's width
  const four = (at, taps, numTaps, inputs, w, pitch, bias, out) => {
    let [a, b, c, d] = [floats[bias], floats[bias + 1], floats[bias + 2], floats[bias + 3]];
    for (let t = 0; t < numTaps; t++) {
      let from = at + ints[taps + t];
      for (let k = 0; k < inputs; k++, w += pitch) {
        const x = floats[from++];
        a += x * floats[w];
        b += x * floats[w + 1];
        c += x * floats[w + 2];
        d += x * floats[w + 3];
      }
    }
    floats[out] = a;
    floats[out + 1] = b;
    floats[out + 2] = c;
    floats[out + 3] = d;
  };
  const panels = (width, input, output, w, bias, scale, shift, pixIn, pixOut, pixels, taps, numTaps, inputs, outputs, act, leak) => {
    for (let at = 0; at < outputs; at += width)
      for (let i = 0; i < pixels; i++) {
        const from = (input >> 2) + ints[(pixIn >> 2) + i];
        const to = (output >> 2) + ints[(pixOut >> 2) + i] + at;
        const first = (w >> 2) + at * numTaps * inputs;
        for (let v = 0; v < width; v += 4)
          four(from, taps >> 2, numTaps, inputs, first + v, width, (bias >> 2) + at + v, to + v);
        finish(to, width, scale && scale + 4 * at, shift && shift + 4 * at, act, leak);
      }
  };
  return {
    name: "javascript",
    base: 16, // so that no address is 0, which stands for nothing
    reserve(size) {
      const memory = new ArrayBuffer((16 + size + 15) & ~15);
      [floats, halves, ints] = [new Float32Array(memory), new Int16Array(memory), new Int32Array(memory)];
      return memory;
    },
    layer: (...args) => panels(8, ...args),
    narrow_layer: (...args) => panels(4, ...args.slice(0, 12), 4, ...args.slice(12)),
    dense_layer(input, output, w, bias, scale, shift, inputs, outputs, act, leak) {
      const zero = 0; // the first 16 bytes hold zeros: one pixel, one tap, no offset
      panels(8, input, output, w, bias, scale, shift, zero, zero, 1, zero, 1, inputs, outputs, act, leak);
    },
    unpack(stored, steps, w, depth, outputs, panel) {
      let [from, to] = [stored >> 1, w >> 2];
      for (let at = 0; at < outputs; at += panel)
        for (let k = 0; k < depth; k++)
          for (let v = 0; v < panel; v++) floats[to++] = halves[from++] * floats[(steps >> 2) + at + v];
    },
    to_rgba(input, output, pixels, channels) {
      const level = (x) => {
        const y = Math.min(255, Math.max(0, x * 127.5 + 127.5)), floor = Math.floor(y);
        return y - floor === 0.5 ? floor + (floor & 1) : Math.round(y);
      };
      for (let i = 0; i < pixels; i++) {
        const at = (input >> 2) + 4 * i, r = level(floats[at]);
        const [g, b] = channels === 1 ? [r, r] : [level(floats[at + 1]), level(floats[at + 2])];
        ints[(output >> 2) + i] = r | (g << 8) | (b << 16) | (255 << 24);
      }
    },
  };
}

export class Network {
  constructor(file, kernels) {
    const { header, start } = unpackHeader(file);
    Object.assign(this, { header, kernels });
    let end = kernels.base;
    const room = (bytes) => {
      const at = (end + 15) & ~15;
      end = at + bytes;
      return at;
    };
    const tables = []; // [address, numbers] to write once there is memory
    const table = (numbers) => {
      const at = room(4 * numbers.length);
      tables.push([at, Int32Array.from(numbers)]);
      return at;
    };

    // what stays: weights, biases and tables of offsets
    this.plan = header.layers.map((row) => ({
      ...row,
      act: ACTIVATIONS.indexOf(row.activation),
      at: Object.fromEntries(["weights", "bias", "scale", "shift", "steps"].map((name) => [name, row[name] && room(4 * row[name][1])])),
    }));
    // how far each convolution looks over the edge of its input: that map has a border of zeros
    const edge = { top: 0, left: 0, bottom: 0, right: 0 };
    this.plan.forEach((layer) => (layer.border = layer.kind === "conv" ? borderOf(layer) : edge));
    const chain = [...this.plan.slice(1), { kind: "end", border: edge }];
    this.plan.forEach((layer, i) => layer.kind === "conv" && (layer.runs = runsOf(layer, chain[i].border, table)));

    // what changes: z and the maps; at first the stored weights lie there
    const stage = room(0);
    const [height, width] = [header.size, header.size];
    this.z = room(4 * this.plan[0].inputs);
    this.plan.forEach((layer, i) => {
      const [h, w] = layer.kind === "conv" ? layer.map_out : layer.map ? layer.map : [1, 1];
      const { top, bottom, left, right } = chain[i].border;
      const depth = layer.map ? layer.map[2] : layer.outputs;
      layer.flat = layer.map ? room(4 * layer.outputs) : 0; // a dense layer's map before it gets its border
      layer.pitch = (w + left + right) * depth;
      layer.inside = 4 * (top * layer.pitch + left * depth);
      layer.out = room(4 * (h + top + bottom) * layer.pitch);
    });
    this.rgba = room(4 * height * width);
    const stored = (layer) => (layer.steps ? 2 * layer.weights[1] : 0);
    const memory = kernels.reserve(Math.max(end, stage + Math.max(...this.plan.map(stored))) + 64 - kernels.base);

    const bytes = new Uint8Array(memory);
    const copy = (to, [from, count], size) => bytes.set(file.subarray(start + from, start + from + size * count), to);
    for (const [at, numbers] of tables) new Int32Array(memory, at, numbers.length).set(numbers);
    for (const layer of this.plan) {
      for (const name of ["bias", "scale", "shift", "steps"]) if (layer[name]) copy(layer.at[name], layer[name], 4);
      if (layer.steps) {
        copy(stage, layer.weights, 2);
        let [from, to] = [stage, layer.at.weights];
        for (const depth of depthsOf(layer)) {
          kernels.unpack(from, layer.at.steps, to, depth, layer.outputs, layer.panel);
          from += 2 * depth * layer.outputs;
          to += 4 * depth * layer.outputs;
        }
      } else copy(layer.at.weights, layer.weights, 4);
    }
    bytes.fill(0, stage);
    this.memory = memory;
    this.input = new Float32Array(memory, this.z, header.z_dim);
    this.floats = new Float32Array(memory);
    this.picture = new Uint8ClampedArray(memory, this.rgba, 4 * height * width);
  }

  // z (z_dim) -> RGBA bytes (size, size, 4), valid until the next call
  draw(z) {
    this.input.set(z);
    let from = this.z;
    for (const layer of this.plan) {
      const { at, act, leak } = layer;
      const [w, bias, scale, shift] = [at.weights, at.bias, at.scale ?? 0, at.shift ?? 0];
      if (layer.kind === "dense") {
        const to = layer.flat || layer.out;
        this.kernels.dense_layer(from, to, w, bias, scale, shift, layer.inputs, layer.outputs, act, leak);
        if (layer.flat) this.place(layer);
      } else {
        const { inputs, outputs } = layer;
        for (const run of layer.runs) {
          const where = [run.pixelsIn, run.pixelsOut, run.pixels, run.taps, run.numTaps, inputs];
          const args = [from, layer.out + layer.inside, w + 4 * run.weights, bias, scale, shift, ...where];
          if (layer.panel === 4) this.kernels.narrow_layer(...args, act, leak);
          else this.kernels.layer(...args, outputs, act, leak);
        }
      }
      from = layer.out;
    }
    this.kernels.to_rgba(from, this.rgba, this.header.size ** 2, this.header.channels);
    return this.picture;
  }

  // list of z -> how much the picture changes from each to the next: root mean square, in grey levels
  changes(batch) {
    let before = null;
    return batch.map((z) => {
      const now = this.draw(z);
      let sum = 0;
      if (before) for (let i = 0; i < now.length; i++) sum += (now[i] - before[i]) ** 2; // alpha is the same in all
      before = now.slice();
      return Math.sqrt(sum / (0.75 * now.length));
    }).slice(1);
  }

  // a dense layer's map, row by row, into the one with a border
  place(layer) {
    const [height, width, depth] = layer.map;
    const row = width * depth;
    for (let y = 0; y < height; y++) {
      const from = (layer.flat >> 2) + y * row;
      this.floats.copyWithin(((layer.out + layer.inside) >> 2) + y * layer.pitch, from, from + row);
    }
  }
}

// How many products make one output, phase by phase; a dense layer is one phase.
export function depthsOf(layer) {
  return layer.kind === "dense" ? [layer.inputs] : layer.phases.map((phase) => phase.taps.length * layer.inputs);
}

// How many output pixels a phase has along one side.
function count(size, phase, stride) {
  return Math.ceil((size - phase) / stride);
}

function borderOf({ phases, stride, map_in, map_out }) {
  const border = { top: 0, left: 0, bottom: 0, right: 0 };
  for (const { y, x, taps } of phases)
    for (const [dy, dx] of taps) {
      border.top = Math.max(border.top, -dy);
      border.left = Math.max(border.left, -dx);
      border.bottom = Math.max(border.bottom, count(map_out[0], y, stride) + dy - map_in[0]);
      border.right = Math.max(border.right, count(map_out[1], x, stride) + dx - map_in[1]);
    }
  return border;
}

// One call of a kernel per phase: the offsets of its pixels and taps, in floats.
function runsOf(layer, next, table) {
  const { phases, stride, map_in, map_out, inputs, outputs, border } = layer;
  const widthIn = map_in[1] + border.left + border.right;
  const widthOut = map_out[1] + next.left + next.right;
  let weights = 0;
  return phases.map(({ y, x, taps }) => {
    const [pixelsIn, pixelsOut] = [[], []];
    for (let m = 0; m < count(map_out[0], y, stride); m++)
      for (let n = 0; n < count(map_out[1], x, stride); n++) {
        pixelsIn.push(((m + border.top) * widthIn + n + border.left) * inputs);
        pixelsOut.push(((m * stride + y) * widthOut + n * stride + x) * outputs);
      }
    const run = { pixels: pixelsIn.length, numTaps: taps.length, weights };
    run.pixelsIn = table(pixelsIn);
    run.pixelsOut = table(pixelsOut);
    run.taps = table(taps.map(([dy, dx]) => (dy * widthIn + dx) * inputs));
    weights += taps.length * inputs * outputs;
    return run;
  });
}
