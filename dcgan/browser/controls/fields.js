// Sliders for the numbers of a morph or a square: each input has the name of what it sets, and stands behind the words
// and the number that say so.

export class Fields {
  // set(changes, done) hears of every change, done when the hand has let go; a double click goes back to `plain`
  constructor(root, plain, set) {
    this.inputs = [...root.querySelectorAll(".fields input")];
    for (const input of this.inputs) {
      input.setAttribute("aria-label", input.previousElementSibling.firstChild.textContent.trim()); // the label is that of its output
      input.addEventListener("input", () => set({ [input.name]: Number(input.value) }, false));
      input.addEventListener("change", () => set({ [input.name]: Number(input.value) }));
      input.addEventListener("dblclick", () => set({ [input.name]: plain[input.name] }));
    }
  }

  show(values) {
    for (const input of this.inputs) {
      const value = values[input.name];
      if (input.value !== String(value)) input.value = value;
      input.style.setProperty("--at", `${(100 * (value - input.min)) / (input.max - input.min)}%`);
      input.previousElementSibling.lastElementChild.textContent = input.step < 1 ? value.toFixed(2) : value;
    }
  }
}
