// The small pictures beside the large one: drawn at once where that is no work, else one by one.

const AT_ONCE = 12; // that are drawn in a frame whatever they take, where the page draws them
const FRAME_MS = 6; // for those beyond them
const SMOOTH_MS = 20; // between two large pictures that come as fast as the screen takes them
const REST_MS = 120; // after which the hand is still

// a button with a picture of its own
export function pictureButton(title, act) {
  const button = document.createElement("button");
  [button.type, button.title] = ["button", title];
  button.setAttribute("aria-label", title);
  button.appendChild(document.createElement("canvas"));
  button.addEventListener("click", act);
  return button;
}

export class SmallPictures {
  constructor() {
    Object.assign(this, { pictures: [], drawn: 0, due: 0 });
  }

  // pictures: list of { canvas, z() } in the order in which they are drawn
  set(pictures) {
    this.pictures = pictures;
    if (this.engine) this.fit();
  }

  setEngine(engine) {
    Object.assign(this, { engine, busy: null });
    this.fit();
  }

  fit() {
    const { size } = this.engine.header;
    for (const { canvas } of this.pictures) if (canvas.width !== size) canvas.width = canvas.height = size;
  }

  // all of them have to be drawn again, as fast as they come
  draw() {
    this.due = this.pictures.length;
    if (!this.engine.light) {
      clearTimeout(this.soon);
      this.resting = false;
      this.soon = setTimeout(() => {
        this.resting = true; // no waiting for large pictures
        this.drawNext();
      }, REST_MS);
    } else this.request ??= requestAnimationFrame(() => this.drawSome());
  }

  drawSome() {
    const until = performance.now() + FRAME_MS;
    for (let i = 0; this.due && (i < AT_ONCE || performance.now() < until); i++) {
      const picture = this.next();
      this.engine.others.draw([picture.z()], ([pixels]) => this.paint(picture, pixels));
    }
    this.request = this.due ? requestAnimationFrame(() => this.drawSome()) : null;
  }

  next() {
    this.due--;
    return this.pictures[this.drawn++ % this.pictures.length];
  }

  drawNext() {
    if (!this.due || this.busy) return;
    const engine = this.engine, picture = this.next();
    this.busy = engine;
    engine.others.draw([picture.z()], ([pixels]) => {
      if (this.busy === engine) this.busy = null;
      if (this.engine !== engine) return;
      this.paint(picture, pixels);
      if (this.resting) this.drawNext();
    });
  }

  // one small picture for every large one, while the large ones come as fast as the screen takes them; else some
  afterLarge(frames) {
    const smooth = performance.now() - this.paintedAt < SMOOTH_MS;
    this.paintedAt = performance.now();
    if (!this.engine.light && (smooth || frames % 8 === 0)) this.drawNext();
  }

  paint({ canvas }, pixels) {
    if (pixels.length !== 4 * canvas.width ** 2) return;
    canvas.getContext("2d").putImageData(new ImageData(pixels.slice(), canvas.width), 0, 0);
  }

  end() {
    clearTimeout(this.soon);
    cancelAnimationFrame(this.request);
  }
}
