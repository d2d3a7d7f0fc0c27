// The sliders of the laboratory: each with its name, how much it does, its value, and a lock.

import { icon } from "./icons.js";

const KEY_STEPS = 30; // arrow keys from the middle of a slider to an end; PageUp and PageDown go five times as far
const STEPS_OF_KEY = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 5, PageDown: -5 };

export class Sliders {
  // act: { move(slider, value, event) while a hand is at it, done() when it has let go, soon() after a key,
  // back(slider) to where the seed has it, lock(slider) }
  constructor(parent, act) {
    Object.assign(this, { parent, act, rows: [] });
  }

  // choices: list of { slider, name, strength, help }; rows are made anew only for others, so that a held thumb stays
  build(choices) {
    const names = JSON.stringify(choices);
    if (names === this.built) return;
    this.built = names;
    this.rows = choices.map((choice, place) => this.row(choice, place));
    this.parent.replaceChildren(...this.rows.map(({ row }) => row));
  }

  row({ slider, name, strength, help }, place) {
    const { act } = this;
    const row = document.createElement("div");
    row.className = "slider";
    row.innerHTML = `
      <button class="lock" type="button"></button>
      <label><span><span class="name"><b></b><i>${strength === null ? "" : ` · ${strength.toFixed(1)}`}</i></span><output></output></span>
      <input type="range" step="0.01" data-testid="latent-slider-${place}"></label>`;
    const [lock, input, output] = ["button", "input", "output"].map((part) => row.querySelector(part));
    row.querySelector("b").textContent = name; // it may hold a stranger's words
    row.querySelector("label").title = `${help} Double click, or Delete: back to ${typeof slider === "string" ? "0" : "the seed's value"}.`;
    input.setAttribute("aria-label", strength === null ? "Being worked out" : `${name}, changes the picture by ${strength.toFixed(1)} grey levels`);
    input.addEventListener("input", (event) => act.move(slider, Number(input.value), event));
    input.addEventListener("change", () => (this.byKey ? act.soon() : act.done()));
    input.addEventListener("dblclick", () => act.back(slider));
    input.addEventListener("pointerdown", () => (this.byKey = false));
    input.addEventListener("keydown", (event) => this.key(slider, input, event));
    lock.addEventListener("click", () => act.lock(slider));
    return { row, slider, name, lock, input, output };
  }

  // a browser's own step is a slider's finest, which is for the mouse
  key(slider, input, event) {
    this.byKey = true;
    if (event.key === "Delete" || event.key === "Backspace") return this.act.back(slider);
    const steps = STEPS_OF_KEY[event.key];
    if (!steps || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const [low, high] = [Number(input.min), Number(input.max)];
    const value = Number(input.value) + (steps * high) / KEY_STEPS;
    this.act.move(slider, Math.min(high, Math.max(low, Number(value.toFixed(2)))), event);
    this.act.soon();
  }

  // valueOf(slider) and reachOf(slider) say where each stands, and how far it goes either way
  show(view, valueOf, reachOf, waits) {
    const moved = new Map(view.sliders);
    this.parent.classList.toggle("waits", waits);
    for (const { slider, name, row, lock, input, output } of this.rows) {
      const [limit, value, locked] = [reachOf(slider), valueOf(slider), view.locked.includes(slider)];
      [input.min, input.max] = [-limit, limit];
      if (Number(input.value) !== value) input.value = value;
      input.disabled = locked || waits;
      lock.disabled = waits;
      row.classList.toggle("moved", moved.has(slider));
      row.style.setProperty("--at", `${50 + (50 * value) / limit}%`);
      output.textContent = `${typeof slider === "string" && value > 0 ? "+" : ""}${value.toFixed(2)}`;
      if (lock.dataset.locked === String(locked)) continue;
      lock.dataset.locked = locked;
      lock.innerHTML = icon(locked ? "lock" : "unlock");
      lock.title = locked ? "Unlock" : "Lock: new seeds and Reset leave this value alone";
      lock.setAttribute("aria-label", `${locked ? "Unlock" : "Lock"} ${name}`);
      lock.setAttribute("aria-pressed", locked);
    }
  }
}
