// Who draws: the page itself where a picture fits well into a frame, since every hop to a worker and back costs the
// picture a frame; else a worker. The small pictures come from a worker of their own unless they are no work at all.
// KERNELS (name -> base64) and WORKER (a script) stand before this code, see bundle.py.

import { Network, depthsOf, makeKernels, unpackHeader } from "./network.js";

const LIGHT = 12e6; // multiply-adds of a network whose twelve small pictures, too, fit into a frame
const PROMISING = 150e6; // of one that is worth a trial on the page
const TRIALS = 4; // the first ones run before the browser has made its fastest code
const PER_FRAME_MS = 10;

const modules = Object.fromEntries(
  Object.entries(KERNELS).map(([name, text]) => [name, Uint8Array.from(atob(text), (c) => c.charCodeAt(0))]),
);

function multiplyAdds({ layers }) {
  return layers.reduce((sum, layer) => {
    const pixels = layer.kind === "dense" ? 1 : (layer.map_out[0] * layer.map_out[1]) / layer.stride ** 2;
    return sum + pixels * depthsOf(layer).reduce((a, b) => a + b) * layer.outputs;
  }, 0);
}

// One model on one thread. `draw` answers with the pictures of the newest z only: what waits is replaced.
export class Painter {
  constructor(file, kernels, onPage) {
    this.header = unpackHeader(file).header;
    if (!onPage && this.startWorker(file, kernels)) return;
    this.network = new Network(file, makeKernels(modules, kernels));
    this.name = this.network.kernels.name;
  }

  startWorker(file, kernels) {
    try {
      const url = URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" }));
      this.worker = new Worker(url);
      URL.revokeObjectURL(url);
    } catch {
      return false; // a page that may have no workers draws by itself
    }
    this.worker.onmessage = ({ data }) => (data.ready ? (this.name = data.ready) : this.arrived(data.pictures));
    this.worker.onerror = () => this.drawHere(file, kernels);
    this.worker.postMessage({ file: file.slice().buffer, modules, kernels });
    return true;
  }

  // where a worker may not start, or dies: slower, but it draws
  drawHere(file, kernels) {
    this.worker.terminate();
    this.network = new Network(file, makeKernels(modules, kernels));
    this.name = this.network.kernels.name;
    const job = this.waiting ?? this.busy;
    this.busy = this.waiting = null;
    if (job) this.draw(job.batch, job.done, job.changes);
  }

  // batch: list of z; calls done(pictures) with RGBA bytes, at once where the page draws; or with the `changes` from
  // each picture to the next
  draw(batch, done, changes = false) {
    if (this.network) return done(changes ? this.network.changes(batch) : batch.map((z) => this.network.draw(z)));
    this.waiting = { batch, done, changes };
    if (!this.busy) this.send();
  }

  send() {
    [this.busy, this.waiting] = [this.waiting, null];
    this.worker.postMessage({ batch: this.busy.batch, changes: this.busy.changes });
  }

  arrived(pictures) {
    const { done } = this.busy;
    this.busy = null;
    if (this.waiting) this.send(); // the worker goes on while the page paints
    done(pictures);
  }

  // milliseconds that the page takes for a picture
  trial() {
    const z = new Float32Array(this.header.z_dim);
    const times = Array.from({ length: TRIALS }, () => {
      const begin = performance.now();
      this.network.draw(z);
      return performance.now() - begin;
    });
    return Math.min(...times);
  }

  end() {
    this.worker?.terminate();
  }
}

// The picture and the small ones around it, each with a painter.
export class Engine {
  constructor(file, kernels) {
    const { header } = unpackHeader(file);
    const adds = kernels === "javascript" ? Infinity : multiplyAdds(header);
    [this.header, this.kernels] = [header, kernels];
    if (adds <= PROMISING) {
      this.main = new Painter(file, kernels, true);
      this.onPage = this.main.trial() <= PER_FRAME_MS;
    }
    if (!this.onPage) this.main = new Painter(file, kernels, false);
    this.light = this.onPage && adds <= LIGHT;
    this.others = this.light ? this.main : new Painter(file, kernels, false);
  }

  end() {
    this.main.end();
    this.others.end();
  }
}
