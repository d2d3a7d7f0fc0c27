// A field in which a seed is typed. What happens elsewhere meanwhile doesn't overwrite what is being typed.

import { MAX_SEED } from "../latent/views.js";

export const newSeed = () => Math.floor(Math.random() * 100000);

export class SeedField {
  // take(seed) hears of each seed that was typed to its end; what can't be a seed is put back
  constructor(input, take) {
    Object.assign(this, { input, seed: input.value, typing: false });
    const end = () => {
      this.typing = false;
      this.write();
    };
    input.addEventListener("input", () => (this.typing = true));
    input.addEventListener("change", () => {
      const seed = input.value === "" ? NaN : Math.round(Number(input.value));
      end();
      if (seed >= 0 && seed <= MAX_SEED) take(seed);
    });
    input.addEventListener("blur", end);
    input.addEventListener("keydown", ({ key }) => key === "Escape" && end());
  }

  // seed: a number, or "" for none
  show(seed) {
    this.seed = String(seed);
    this.write();
  }

  write() {
    if (!this.typing && this.input.value !== this.seed) this.input.value = this.seed;
  }
}
