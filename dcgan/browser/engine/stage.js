// The large picture: a canvas, and who draws it. Of what is asked for, the newest z is shown; each painted picture
// raises the canvas' data-frame by one and is told as an event "painted" with the time of the input that it answers.

export const SETTLE_MS = 350; // keys and wheels have no moment of letting go: a short rest is one

export class Stage {
  constructor(canvas, painted = () => {}) {
    Object.assign(this, { canvas, painted, frames: 0 });
  }

  // the picture stays until the first one of the new model is there
  setEngine(engine) {
    this.engine = engine;
    const { size } = engine.header;
    if (this.canvas.width !== size) this.canvas.width = this.canvas.height = size;
    this.image = new ImageData(size, size);
  }

  // stamp: when the hand moved; painter: who draws, if it isn't the engine's own
  show(z, stamp = performance.now(), painter = null) {
    Object.assign(this, { stamp, painter });
    const { engine } = this;
    if (engine.onPage) {
      this.z = z; // the page draws by itself, once a frame
      this.request ??= requestAnimationFrame(() => {
        this.request = null;
        (this.painter ?? this.engine.main).draw([this.z], ([pixels]) => this.paint(pixels, this.stamp));
      });
      return;
    }
    (painter ?? engine.main).draw([z], ([pixels]) => {
      this.next = { pixels, stamp };
      this.request ??= requestAnimationFrame(() => {
        this.request = null;
        this.paint(this.next.pixels, this.next.stamp);
      });
    });
  }

  paint(pixels, stamp) {
    if (pixels.length !== this.image.data.length) return; // of a model that has gone
    this.image.data.set(pixels);
    this.canvas.getContext("2d").putImageData(this.image, 0, 0);
    this.canvas.dataset.frame = ++this.frames;
    this.canvas.dispatchEvent(new CustomEvent("painted", { bubbles: true, composed: true, detail: { input: stamp } }));
    this.painted();
  }

  end() {
    cancelAnimationFrame(this.request);
  }
}
