// One training step in five frames, for one picture of the batch at a time.
const VIEWS = new WeakMap();
const NEGATIVE = [62, 134, 191], POSITIVE = [208, 104, 47]; // blue and orange, to be read on a light and a dark page
const KINDS = { z: Float32Array, gradient: Float32Array, change: Float32Array };

// Undoes `_packed` of one_step.py.
function unpack(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let at = 4 + length;
  for (const [name, size] of header.arrays) {
    const part = bytes.slice(at, (at += size));
    header[name] = KINDS[name] ? new KINDS[name](part.buffer) : part;
  }
  return header;
}

function element(kind, name = "", text = "") {
  const made = document.createElement(kind);
  if (name) made.className = name;
  made.textContent = text;
  return made;
}

const signed = (value, digits = 2) => `${value < 0 ? "−" : "+"}${Math.abs(value).toPrecision(digits)}`;

class View {
  constructor(parent) {
    this.root = element("div", "step");
    this.root.tabIndex = 0;
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", "One training step in five frames; arrow keys: left and right, up and down");
    this.root.addEventListener("keydown", (event) => this.key(event));
    parent.appendChild(this.root);
  }

  load(header) {
    this.header = header;
    [this.at, this.picture] = [0, 0];
    this.tabs = element("div", "tabs");
    this.tabs.setAttribute("role", "tablist");
    this.tabs.append(
      ...header.frames.map(({ title }, at) => {
        const tab = element("button", "", `${at + 1} ${title}`);
        tab.setAttribute("role", "tab");
        tab.addEventListener("click", () => this.go(at));
        return tab;
      }),
    );
    this.words = element("p", "words");
    this.words.setAttribute("aria-live", "polite");
    this.stage = element("div", "stage");
    this.strip = element("div", "strip");
    this.back = element("button", "", "Back");
    this.back.addEventListener("click", () => this.go(this.at - 1));
    this.next = element("button", "next", "Next");
    this.next.addEventListener("click", () => this.go(this.at + 1));
    this.value = element("output", "value");
    const foot = element("div", "foot");
    foot.append(this.back, this.value, this.next);
    this.root.replaceChildren(this.tabs, this.words, this.stage, this.strip, foot);
    this.show();
  }

  key(event) {
    const act = {
      ArrowRight: () => this.go(this.at + 1),
      ArrowLeft: () => this.go(this.at - 1),
      ArrowDown: () => this.pick(this.picture + 1),
      ArrowUp: () => this.pick(this.picture - 1),
    }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  }

  go(at) {
    if (at < 0 || at >= this.header.frames.length) return;
    this.at = at;
    this.show();
  }

  pick(picture) {
    this.picture = (picture + this.header.count) % this.header.count;
    this.show();
  }

  // ---- what is drawn

  show() {
    const { frames } = this.header, frame = frames[this.at];
    [...this.tabs.children].forEach((tab, at) => {
      tab.setAttribute("aria-selected", at === this.at);
      tab.tabIndex = at === this.at ? 0 : -1;
    });
    this.root.dataset.frame = frame.name;
    this.words.textContent = frame.text;
    this.value.textContent = "";
    this.back.disabled = this.at === 0;
    this.next.disabled = this.at === frames.length - 1;
    this.next.textContent = this.next.disabled ? "That was one step" : `Next: ${frames[this.at + 1].title}`;
    this.stage.replaceChildren(...this[frame.name](this.picture));
    const strip = { z: "z", fakes: "fakes", gradient: "gradient", after: "change" }[frame.name];
    this.strip.replaceChildren(...(strip ? Array.from({ length: this.header.count }, (_, i) => this.tile(strip, i)) : []));
  }

  z(i) {
    return [this.panel(this.map("z", i), `z of picture ${i + 1}: ${this.legend("z")}`)];
  }

  fakes(i) {
    return [
      this.panel(this.map("z", i), "this z"),
      element("span", "arrow", "→"),
      this.panel(this.image("fakes", i), `G(z), fake ${i + 1}`),
    ];
  }

  verdicts() {
    const row = (kind, name, title) => {
      const block = element("div", "verdicts");
      block.append(element("h4", "", title));
      const grid = element("div", "grid");
      for (let i = 0; i < this.header.count; i++) grid.append(this.panel(this.image(kind, i), this.said(this.header[name][i])));
      block.append(grid);
      return block;
    };
    return [row("real", "on_real", "Real pictures: how real, says D"), row("fakes", "on_fake", "Fakes: how real, says D")];
  }

  gradient(i) {
    return [
      this.panel(this.image("fakes", i), `fake ${i + 1}; D now gives it ${this.said(this.header.judged[i])}`),
      element("span", "arrow", "←"),
      this.panel(this.map("gradient", i), `dL/dx of G's loss: ${this.legend("gradient")}`),
    ];
  }

  after(i) {
    return [
      this.panel(this.image("fakes", i), `before; D gives it ${this.said(this.header.was[i])}`),
      element("span", "arrow", "→"),
      this.panel(this.image("after", i), `after; the same D gives it ${this.said(this.header.became[i])}`),
      element("span", "arrow", "="),
      this.panel(this.map("change", i), `the change: ${this.legend("change")}`),
    ];
  }

  tile(kind, i) {
    const button = element("button", "tile");
    button.setAttribute("aria-label", `Picture ${i + 1} of the batch`);
    button.setAttribute("aria-pressed", i === this.picture);
    button.append(kind === "fakes" ? this.image(kind, i) : this.map(kind, i));
    button.addEventListener("click", () => this.pick(i));
    return button;
  }

  panel(canvas, caption) {
    const figure = element("figure");
    figure.append(canvas, element("figcaption", "", caption));
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", caption);
    return figure;
  }

  said(logit) {
    if (this.header.scores) return signed(logit).replace("+", "");
    return `${Math.round(100 / (1 + Math.exp(-logit)))} %`;
  }

  legend(kind) {
    const scale = Number(this.header.scales[kind].toPrecision(2));
    return `orange up to +${scale}, blue down to −${scale}${kind === "change" ? " grey levels of 255" : ""}`;
  }

  // A picture of the batch, as it is.
  image(kind, i) {
    const { size, channels } = this.header, canvas = this.canvas(size);
    const pixels = new ImageData(size, size), from = i * size * size * channels;
    for (let at = 0; at < size * size; at++) {
      for (let c = 0; c < 3; c++) pixels.data[4 * at + c] = this.header[kind][from + at * channels + (channels === 3 ? c : 0)];
      pixels.data[4 * at + 3] = 255;
    }
    canvas.getContext("2d").putImageData(pixels, 0, 0);
    return canvas;
  }

  // Signed numbers: the stronger, the farther from the page's own colour.
  map(kind, i) {
    const values = this.header[kind], each = values.length / this.header.count, side = Math.ceil(Math.sqrt(each));
    const canvas = this.canvas(side), pixels = new ImageData(side, side), scale = this.header.scales[kind];
    for (let at = 0; at < each; at++) {
      const value = values[i * each + at];
      pixels.data.set(value < 0 ? NEGATIVE : POSITIVE, 4 * at);
      pixels.data[4 * at + 3] = Math.round(255 * Math.min(1, Math.abs(value) / scale));
    }
    canvas.getContext("2d").putImageData(pixels, 0, 0);
    canvas.classList.add("map");
    canvas.addEventListener("pointermove", (event) => {
      const box = canvas.getBoundingClientRect(), to = (share) => Math.max(0, Math.min(side - 1, Math.floor(share * side)));
      const [x, y] = [to((event.clientX - box.left) / box.width), to((event.clientY - box.top) / box.height)];
      const value = values[i * each + y * side + x];
      if (y * side + x >= each) this.value.textContent = "";
      else if (kind === "z") this.value.textContent = `number ${y * side + x + 1}: ${signed(value, 3)}`;
      else this.value.textContent = `column ${x + 1}, row ${y + 1}: ${signed(value, 3)}`;
    });
    canvas.addEventListener("pointerleave", () => (this.value.textContent = ""));
    return canvas;
  }

  canvas(side) {
    return Object.assign(element("canvas"), { width: side, height: side });
  }
}

export default function ({ parentElement, data }) {
  if (!VIEWS.has(parentElement)) VIEWS.set(parentElement, new View(parentElement));
  const view = VIEWS.get(parentElement), header = unpack(data);
  if (header.identity !== view.header?.identity) view.load(header);
  return () => {
    view.root.remove();
    VIEWS.delete(parentElement);
  };
}
