// Many small pictures, one after the other, beside the large one: what is asked for anew takes the place of what waits.

const SKETCH_MS = 6; // of a frame, where the page draws by itself

export class Sketches {
  constructor(engine) {
    this.engine = engine;
    this.jobs = [];
  }

  // jobs: list of { z, paint(image) }, the first first
  draw(jobs) {
    this.jobs = [...jobs];
    if (!this.busy) this.next();
  }

  next() {
    const { others } = this.engine, until = performance.now() + SKETCH_MS;
    this.busy = this.jobs.length > 0;
    while (this.jobs.length) {
      const job = this.jobs.shift();
      const paint = ([pixels]) => job.paint(new ImageData(pixels.slice(), this.engine.header.size));
      if (!others.network)
        return others.draw([job.z], (pictures) => {
          if (!this.ended) paint(pictures);
          this.next();
        });
      others.draw([job.z], paint);
      if (performance.now() > until) return void requestAnimationFrame(() => this.next());
    }
    this.busy = false;
  }

  end() {
    [this.ended, this.jobs] = [true, []];
  }
}
