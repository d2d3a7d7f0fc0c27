// A choice of one of a model's classes, or of none.

import { classOf, classWords } from "../latent/classes.js";

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

  // what a view of a model shows, whose first line is the class that it has by itself; hidden where there are no classes
  follow(view, header) {
    const { select } = this, { classes } = header;
    select.hidden = !classes;
    if (!classes) return;
    this.build(classes.names);
    const own = classOf({ ...view, label: null, toward: null }, header);
    this.show(own && view.label < classes.names.length ? view.label : null, own ? `${classes.names[own.label]} (any)` : "own z");
    select.disabled = !own;
    select.title = own ? classWords(view, header) : "A given z has no class";
  }

  // none: what its first line says, which stands for none
  show(label, none) {
    const { select } = this, value = label === null ? "" : String(label);
    if (select.options[0].text !== none) select.options[0].text = none;
    if (select.value !== value) select.value = value;
  }
}
