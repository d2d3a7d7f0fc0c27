// How it learned: the same seeds at each kept step of training, from one sheet of pictures.

const LEARNED_SECONDS = 7; // through all of training; the last picture is held for one more

export class Learned {
  // facts: { steps, seeds, size, pitch, sheet }; calls pick(seed) when a picture is clicked
  constructor(parent, facts, pick) {
    Object.assign(this, { facts, parent });
    this.pictures = facts.seeds.map((seed) => {
      const [button, canvas] = [document.createElement("button"), document.createElement("canvas")];
      button.type = "button";
      button.title = `Open seed ${seed} in the laboratory above`;
      button.setAttribute("aria-label", button.title);
      canvas.width = canvas.height = facts.size;
      button.append(canvas);
      button.addEventListener("click", () => pick(seed));
      return button;
    });
    parent.querySelector(".learned-pictures").replaceChildren(...this.pictures);
    [this.slider, this.button, this.output] = ["input", ".learned-play", "output"].map((name) => parent.querySelector(name));
    this.slider.max = facts.steps.length - 1;
    this.slider.addEventListener("input", () => {
      this.play(false);
      this.show(Number(this.slider.value));
    });
    this.button.addEventListener("click", () => this.play(!this.playing));
    this.image = new Image();
    this.image.onload = () => {
      this.show(facts.steps.length - 1);
      parent.hidden = false;
    };
    this.image.src = facts.sheet;
    this.play(false);
  }

  show(at) {
    const { steps, size, pitch } = this.facts;
    this.pictures.forEach((button, i) => {
      const canvas = button.firstChild;
      canvas.getContext("2d").drawImage(this.image, i * pitch, at * pitch, size, size, 0, 0, size, size);
    });
    this.slider.value = at;
    this.slider.style.setProperty("--at", `${(100 * at) / (steps.length - 1)}%`);
    this.output.textContent = `step ${steps[at].toLocaleString("en")}`;
    this.slider.setAttribute("aria-valuetext", this.output.textContent);
    this.parent.dataset.shown = steps[at];
  }

  play(playing) {
    cancelAnimationFrame(this.request);
    this.playing = playing;
    this.button.textContent = playing ? "Pause" : "Play";
    if (!playing) return;
    let begin = null;
    const last = this.facts.steps.length - 1, each = (1000 * LEARNED_SECONDS) / (last + 1);
    const tick = (time) => {
      begin ??= time;
      const at = Math.floor(((time - begin) % (1000 * LEARNED_SECONDS + 1000)) / each);
      if (Math.min(at, last) !== Number(this.slider.value)) this.show(Math.min(at, last));
      this.request = requestAnimationFrame(tick);
    };
    this.request = requestAnimationFrame(tick);
  }
}
