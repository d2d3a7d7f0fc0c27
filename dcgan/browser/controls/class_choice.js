// A choice of one of a model's classes, or of none.

export class ClassChoice {
  // take(label) hears of what was chosen, null for none
  constructor(select, take) {
    this.select = select;
    select.addEventListener("change", () => take(select.value === "" ? null : Number(select.value)));
  }

  build(names) {
    if (names === this.names) return;
    this.names = names;
    this.select.replaceChildren(...["", ...names].map((name, i) => new Option(name, i ? i - 1 : "")));
  }

  // none: what its first line says, which stands for none
  show(label, none) {
    const { select } = this, value = label === null ? "" : String(label);
    if (select.options[0].text !== none) select.options[0].text = none;
    if (select.value !== value) select.value = value;
  }
}
