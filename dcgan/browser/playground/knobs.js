// What can be set of a game: rows of buttons and sliders over lists of values, each with its name and its value.

import { CHOICES } from "./game_settings.js";

const WORDS = {
  real: { ring: "Ring", two: "Two heaps", line: "Line", spiral: "Spiral", drawn: "Draw your own" },
  loss: { bce: "BCE", hinge: "Hinge", wasserstein: "Wasserstein" },
  z: { 1: "1", 2: "2" },
};
const GROUPS = { real: "Real points", loss: "Loss", z: "Numbers in z" };
const SLIDERS = {
  rateG: ["G's rate", "How far Adam moves G's weights in a step"],
  rateD: ["D's rate", "How far Adam moves D's weights in a step"],
  stepsD: ["D steps a step", "How often D learns before G does once"],
  batch: ["Batch", "z, and real points, that a step learns from"],
};
export const LOSS_WORDS = {
  bce: "D gives probabilities; G learns from −log D(G(z)). Goodfellow et al. 2014",
  hinge: "D gives scores and rests where they are beyond ±1. Lim and Ye 2017",
  wasserstein: "D gives scores, held to a slope of 1 by a gradient penalty. Arjovsky et al. 2017, Gulrajani et al. 2017",
};

export const groupMarkup = (name) => `<div class="group"><span>${GROUPS[name]}</span>
  <div class="kinds" role="group" aria-label="${GROUPS[name]}">${CHOICES[name]
    .map((value) => `<button type="button" data-set="${name}" data-value="${value}" data-testid="playground-${name}-${value}">${WORDS[name][value]}</button>`)
    .join("")}</div></div>`;

export const slidersMarkup = () => Object.entries(SLIDERS)
  .map(([name, [title, help]]) => `<label title="${help}"><span>${title} <output></output></span>
    <input type="range" min="0" max="${CHOICES[name].length - 1}" step="1" name="${name}" aria-label="${title}" data-testid="playground-${name}"></label>`)
  .join("");

export class Knobs {
  // set(changes, done) hears of what is chosen, done when the hand has let go
  constructor(root, set) {
    this.buttons = [...root.querySelectorAll("[data-set]")];
    this.sliders = [...root.querySelectorAll("input[type=range]")];
    for (const { dataset } of this.buttons) dataset.at = CHOICES[dataset.set].findIndex((value) => String(value) === dataset.value);
    for (const button of this.buttons)
      button.addEventListener("click", () => set({ [button.dataset.set]: CHOICES[button.dataset.set][button.dataset.at] }, true));
    for (const slider of this.sliders)
      for (const [type, done] of [["input", false], ["change", true]])
        slider.addEventListener(type, () => set({ [slider.name]: CHOICES[slider.name][slider.value] }, done));
  }

  show(settings) {
    for (const button of this.buttons) button.setAttribute("aria-pressed", String(settings[button.dataset.set]) === button.dataset.value);
    for (const slider of this.sliders) {
      const at = CHOICES[slider.name].indexOf(settings[slider.name]);
      if (slider.value !== String(at)) slider.value = at;
      slider.style.setProperty("--at", `${(100 * at) / slider.max}%`);
      slider.setAttribute("aria-valuetext", settings[slider.name]);
      slider.previousElementSibling.lastElementChild.textContent = settings[slider.name];
    }
  }
}
