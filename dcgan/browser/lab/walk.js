// A walk that goes on by itself, round and round through a few z.

import { icon } from "../controls/icons.js";
import { slerp } from "../latent/latent.js";

const WALK_SECONDS = 1.6; // from one z to the next

export class Walk {
  // act: { keys() says through which z, draw(z), rest() after it }
  constructor(button, act) {
    Object.assign(this, { button, act, walking: false });
    button.addEventListener("click", () => this.set(!this.walking));
    this.showButton();
  }

  set(walking) {
    if (walking === this.walking) return;
    cancelAnimationFrame(this.request);
    this.walking = walking;
    this.showButton();
    if (!walking) return this.act.rest();
    const keys = this.act.keys();
    let begin = null;
    const step = (time) => {
      begin ??= time;
      const at = ((time - begin) / 1000 / WALK_SECONDS) % keys.length;
      const leg = Math.floor(at);
      this.act.draw(slerp(keys[leg], keys[(leg + 1) % keys.length], at - leg));
      if (this.walking) this.request = requestAnimationFrame(step);
    };
    this.request = requestAnimationFrame(step);
  }

  showButton() {
    this.button.dataset.walking = this.walking;
    this.button.innerHTML = this.walking ? `${icon("pause")}Stop` : `${icon("play")}Walk`;
  }
}
