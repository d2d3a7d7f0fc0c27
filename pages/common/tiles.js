// Small pictures as buttons; the grid is made once and repainted in place, so that nothing flickers or loses focus.
const GRIDS = new WeakMap();

function build(parent) {
  const root = document.createElement("div");
  root.className = "tiles";
  parent.appendChild(root);
  return { root, newest: 0 };
}

function makeButton(grid, index) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.testid = `tile-${index}`;
  button.appendChild(document.createElement("canvas"));
  button.addEventListener("click", () => grid.pick(index));
  grid.root.appendChild(button);
}

async function paint(grid, header, png) {
  const ticket = ++grid.newest;
  const sheet = await createImageBitmap(png);
  if (ticket !== grid.newest) return; // a newer set of pictures is on its way
  const { root } = grid;
  root.style.gridTemplateColumns = `repeat(${header.per_row}, 1fr)`;
  while (root.children.length < header.count) makeButton(grid, root.children.length);
  while (root.children.length > header.count) root.lastChild.remove();
  for (let i = 0; i < header.count; i++) {
    const button = root.children[i];
    const canvas = button.firstChild;
    button.title = header.labels[i];
    button.setAttribute("aria-label", header.labels[i]);
    canvas.width = header.width;
    canvas.height = header.height;
    const x = (i % header.columns) * header.width;
    const y = Math.floor(i / header.columns) * header.height;
    canvas.getContext("2d").drawImage(sheet, x, y, header.width, header.height, 0, 0, header.width, header.height);
  }
  sheet.close();
}

export default function ({ parentElement, data, setTriggerValue }) {
  if (!GRIDS.has(parentElement)) GRIDS.set(parentElement, build(parentElement));
  const grid = GRIDS.get(parentElement);
  grid.pick = (index) => setTriggerValue("picked", { index });
  const { header, png } = unpack(data);
  paint(grid, header, png);
}
