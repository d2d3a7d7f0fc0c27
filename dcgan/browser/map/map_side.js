// What stands beside a map: the sample that is pointed at, the samples along a line, the classes and their colours.

const MAP_HINTS = {
  move: "Point at a sample to see it, click to explore it. Drag to move, scroll or pinch to zoom, hold Shift and drag for a line to morph along.",
  line: "Draw a line across the map: the samples nearest to it become a morph.",
};
const NAMED_CLASSES = 12; // classes in the legend by name

export class MapSide {
  // act: { open(), morph(), clear(), only(class or null) }
  constructor(root, act) {
    this.act = act;
    const find = (name) => root.querySelector(name);
    [this.card, this.name, this.path, this.keys, this.morph, this.legend, this.said, this.hinted] = [
      ".map-card canvas", ".map-name", ".map-path", ".map-keys", ".morph", ".map-legend", ".map-said", ".map-hint",
    ].map(find);
    find(".explore").addEventListener("click", act.open);
    this.morph.addEventListener("click", act.morph);
    find(".clear").addEventListener("click", act.clear);
    this.waiting = new Map(); // canvas -> the sample that it is to show
    this.hint(false);
  }

  hint(drawsLine) {
    this.hinted.textContent = MAP_HINTS[drawsLine ? "line" : "move"];
  }

  show(sample, picture, aloud) {
    const title = `Seed ${sample.seed}`, words = sample.name ? `${title}: ${sample.name}` : title;
    this.name.replaceChildren(mapElement("b", title), ...(sample.name ? [classSwatch(sample.colour), sample.name] : []));
    this.card.setAttribute("aria-label", words);
    if (aloud) this.said.textContent = words;
    this.waiting.set(this.card, sample.i);
    if (picture) this.paint((i) => (i === sample.i ? picture : undefined));
  }

  showPath(samples) {
    for (const canvas of this.keys.querySelectorAll("canvas")) this.waiting.delete(canvas);
    this.path.hidden = !samples.length;
    this.keys.replaceChildren(
      ...samples.map(({ i, seed, name }) => {
        const item = mapElement("div"), canvas = document.createElement("canvas");
        item.setAttribute("role", "listitem");
        item.title = `Seed ${seed}${name && `: ${name}`}`;
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", item.title);
        canvas.width = canvas.height = 1;
        this.waiting.set(canvas, i);
        item.append(canvas);
        return item;
      }),
    );
    this.morph.textContent = samples.length > 1 ? `Morph through these ${samples.length}` : "Choose one more to morph";
    this.morph.disabled = samples.length < 2;
  }

  // the pictures that have come meanwhile
  paint(pictureOf) {
    for (const [canvas, i] of this.waiting) {
      const picture = pictureOf(i);
      if (!picture) continue;
      canvas.width = canvas.height = picture.canvas.width;
      canvas.getContext("2d").drawImage(picture.canvas, 0, 0);
      this.waiting.delete(canvas);
    }
  }

  // counts: how many samples are of each class
  setClasses(names, counts, colours) {
    const ranked = names.map((_, k) => k).filter((k) => counts[k]).sort((a, b) => counts[b] - counts[a]);
    this.legend.hidden = !ranked.length;
    this.legend.replaceChildren(
      ...ranked.slice(0, NAMED_CLASSES).map((k) => {
        const button = mapElement("button");
        button.type = "button";
        button.setAttribute("aria-pressed", "false");
        button.append(classSwatch(colours[k]), mapElement("span", names[k]), mapElement("i", counts[k].toLocaleString("en")));
        button.addEventListener("click", () => this.press(button, k));
        return button;
      }),
      ...(ranked.length > NAMED_CLASSES ? [mapElement("p", `and ${ranked.length - NAMED_CLASSES} more classes`)] : []),
    );
  }

  press(button, k) {
    const on = button.getAttribute("aria-pressed") !== "true";
    for (const each of this.legend.querySelectorAll("button")) each.setAttribute("aria-pressed", on && each === button);
    this.act.only(on ? k : null);
  }
}

function mapElement(tag, text = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function classSwatch(colour) {
  const made = mapElement("span");
  made.className = "swatch";
  made.style.background = colour;
  return made;
}
