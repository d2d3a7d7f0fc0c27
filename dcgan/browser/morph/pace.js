// Looks along the legs of a walk, in a worker of its own, and remembers how much the picture changes from look to look.

import { Painter } from "../engine/painter.js";
import { numLegs, walkTo } from "../latent/paths.js";

const CHUNK = 64; // looks at once; what a newer walk needs must not wait for long
const CHUNK_ON_PAGE = 4; // where the page has to draw by itself, it must not stand still
const MAX_LEGS = 200; // that are remembered

export class Pace {
  // told(share) hears how far it is
  constructor(file, kernels, told) {
    this.told = told;
    this.painter = new Painter(file, kernels, false);
    this.legs = new Map(); // name -> changes of a leg
  }

  // The changes along all legs, or null while they are looked at: then `done` is called when they are all there.
  // keys: list of z, each with a name that is the same whenever it is
  changes(keys, names, mode, loop, perLeg, done) {
    const legs = names.slice(0, numLegs(names.length, loop)).map((name, i) => {
      const next = (i + 1) % names.length;
      return { name: JSON.stringify([mode, perLeg, name, names[next]]), from: keys[i], to: keys[next] };
    });
    this.wanted = legs.filter(({ name }) => !this.legs.has(name));
    [this.mode, this.perLeg, this.done] = [mode, perLeg, done];
    if (!this.wanted.length) return legs.flatMap(({ name }) => Array.from(this.legs.get(name)));
    this.numLegs = legs.length;
    this.tell(0);
    this.look();
    return null;
  }

  tell(seen) {
    this.told(1 - (this.wanted.length - seen / this.perLeg) / this.numLegs);
  }

  look() {
    if (this.busy) return;
    if (!this.wanted.length) return this.done();
    const leg = this.wanted[0], { mode, perLeg } = this;
    const seen = (leg.seen ??= []);
    const size = Math.min(this.painter.network ? CHUNK_ON_PAGE : CHUNK, perLeg - seen.length);
    const batch = Array.from({ length: size + 1 }, (_, i) => walkTo([leg.from, leg.to], (seen.length + i) / perLeg, mode));
    this.busy = true;
    this.painter.draw(batch, (changes) => {
      this.busy = false;
      seen.push(...changes);
      if (seen.length >= perLeg) {
        this.legs.set(leg.name, seen);
        if (this.legs.size > MAX_LEGS) this.legs.delete(this.legs.keys().next().value);
        this.wanted = this.wanted.filter(({ name }) => name !== leg.name);
        this.tell(0);
      } else if (leg === this.wanted[0]) this.tell(seen.length);
      if (this.painter.network) setTimeout(() => this.look());
      else this.look();
    }, true);
  }

  end() {
    [this.wanted, this.done] = [[], () => {}];
    this.painter.end();
  }
}
