// Draws for a page, off its thread, so that the page never stutters. It stands behind network.js in one script.

import { Network, makeKernels } from "./network.js";

let network = null;

self.onmessage = ({ data }) => {
  if (data.file) {
    network = new Network(new Uint8Array(data.file), makeKernels(data.modules, data.kernels));
    return self.postMessage({ ready: network.kernels.name });
  }
  if (data.changes) return self.postMessage({ pictures: network.changes(data.batch) });
  const pictures = data.batch.map((z) => network.draw(z).slice());
  self.postMessage({ pictures }, pictures.map((picture) => picture.buffer));
};
