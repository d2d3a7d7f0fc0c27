// A wall of small pictures with marks. A click shows at once; Python hears of all marks of the wall.
const WALLS = new WeakMap();
const ICONS = {
  up: "M5 7l2.600-5.200c.9 0 1.600.7 1.600 1.600V6H13a1.200 1.200 0 0 1 1.200 1.400l-.9 5A1.400 1.400 0 0 1 12 13.500H5zM1.800 7H4v6.500H1.800z",
  down: "M11 9l-2.600 5.200c-.9 0-1.600-.7-1.600-1.600V10H3a1.200 1.200 0 0 1-1.200-1.400l.9-5A1.400 1.400 0 0 1 4 2.500h7zM14.200 9H12V2.500h2.200z",
};

// Undoes `_packed` of wall.py.
function unpack(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  return { header, png: new Blob([bytes.slice(4 + length)], { type: "image/png" }) };
}

class Wall {
  constructor(parent) {
    this.root = document.createElement("div");
    this.root.className = "wall";
    parent.appendChild(this.root);
    this.marks = {};
    this.sent = 0;
  }

  async load({ header, png }) {
    this.sent = Math.max(this.sent, header.seq);
    if (header.seq >= this.sent) this.marks = { ...header.marks }; // else newer clicks are on their way
    const built = JSON.stringify([header.tiles, header.kinds]);
    if (built !== this.built) this.build(header, built);
    this.show();
    const ticket = (this.ticket = (this.ticket ?? 0) + 1);
    const sheet = await createImageBitmap(png);
    if (ticket === this.ticket) this.paint(header, sheet);
    sheet.close();
  }

  build({ tiles, kinds }, built) {
    [this.built, this.tiles, this.kinds] = [built, tiles, kinds];
    this.root.replaceChildren(
      ...tiles.map(({ id, name }) => {
        const tile = document.createElement("div");
        tile.className = "tile";
        tile.title = name;
        const canvas = document.createElement("canvas");
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", name);
        const marks = document.createElement("div");
        marks.className = "marks";
        for (const [mark, letter, help] of kinds) {
          const button = document.createElement("button");
          button.type = "button";
          button.dataset.mark = mark;
          button.title = help;
          button.setAttribute("aria-label", `${name}: ${help}`);
          if (ICONS[letter]) button.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${ICONS[letter]}"/></svg>`;
          else button.textContent = letter;
          button.addEventListener("click", () => this.put(id, mark));
          marks.appendChild(button);
        }
        tile.append(canvas, marks);
        return tile;
      }),
    );
  }

  put(id, mark) {
    if (this.marks[id] === mark) delete this.marks[id];
    else this.marks[id] = mark;
    this.show();
    const all = Object.fromEntries(this.tiles.map(({ id }) => [id, this.marks[id] ?? null]));
    this.setState("message", { seq: ++this.sent, marks: all });
  }

  show() {
    const last = this.kinds.at(-1)[0];
    this.tiles.forEach(({ id }, at) => {
      const tile = this.root.children[at], mark = this.marks[id];
      if (mark) tile.dataset.mark = mark;
      else delete tile.dataset.mark;
      tile.toggleAttribute("data-last", mark === last && this.kinds.length === 2); // the opposite of the first
      for (const button of tile.querySelectorAll("button")) button.setAttribute("aria-pressed", button.dataset.mark === mark);
    });
  }

  paint({ columns, width, height }, sheet) {
    [...this.root.children].forEach((tile, at) => {
      const canvas = tile.querySelector("canvas");
      [canvas.width, canvas.height] = [width, height];
      const [x, y] = [(at % columns) * width, Math.floor(at / columns) * height];
      canvas.getContext("2d").drawImage(sheet, x, y, width, height, 0, 0, width, height);
    });
  }
}

export default function ({ parentElement, data, setStateValue }) {
  if (!WALLS.has(parentElement)) WALLS.set(parentElement, new Wall(parentElement));
  const wall = WALLS.get(parentElement);
  wall.setState = setStateValue;
  wall.load(unpack(data));
  return () => {
    wall.root.remove();
    WALLS.delete(parentElement);
  };
}
