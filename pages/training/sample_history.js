// Pointing at a picture of a sample grid, or reaching it by keyboard, enlarges it and plays its history.
const SIDE = 208; // pixels of the card
const FRAME_MS = 95, HOLD_MS = 1500; // how long a frame stays, and the last
const INTENT_MS = 120, GONE_MS = 600; // how long a mouse rests before it means it; how long an image may be missing
const STAGES = 5; // for who wants no motion
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STILL = matchMedia("(prefers-reduced-motion: reduce)");
const INSTANCES = new WeakMap();

// How many columns and rows of pictures an image holds; one that was shrunk on its way is told by its proportions.
function layout({ size, gap, count, columns: known }, { naturalWidth, naturalHeight }) {
  let best = null;
  for (let columns = known || Math.min(count, Math.ceil(Math.sqrt(count))); columns <= (known || count); columns++) {
    const rows = Math.ceil(count / columns);
    const [wide, high] = [columns * (size + gap) - gap, rows * (size + gap) - gap];
    const error = Math.abs(Math.log(((wide / high) * naturalHeight) / naturalWidth));
    if (!best || error < best.error - 1e-9) best = { columns, rows, wide, high, error };
  }
  return best;
}

const stepOf = (image) => Number(/([\d,]+)$/.exec(image.alt)?.[1].replaceAll(",", ""));

// the seed of a cell, and its class where a row is a class and a column a z
function shownIn({ seed, columns }, cell) {
  if (!columns) return { seed: (seed + cell) % 2 ** 32 };
  return { seed: (seed + (cell % columns)) % 2 ** 32, class: Math.floor(cell / columns) };
}

class Histories {
  constructor() {
    this.grids = [];
    this.known = new Map(); // run and cell -> the promise of its history
    this.ring = Object.assign(document.createElement("div"), { className: "sample-ring" });
    this.card = Object.assign(document.createElement("div"), { className: "sample-card" });
    this.card.innerHTML = '<canvas></canvas><div class="time"><i></i></div><p></p><p role="status"></p>';
    [this.canvas, this.bar] = [this.card.querySelector("canvas"), this.card.querySelector("i")];
    [this.caption, this.hint] = this.card.querySelectorAll("p");
    this.heard = new AbortController();
    const on = (name, act, more) => addEventListener(name, act, { signal: this.heard.signal, ...more });
    on("pointermove", (event) => event.pointerType === "mouse" && this.point(event));
    on("pointerdown", (event) => (this.byTouch = event.pointerType !== "mouse"), { capture: true });
    on("click", (event) => this.click(event), { capture: true }); // before anything can stop it
    on("keydown", (event) => this.key(event), { capture: true });
    on("focusin", ({ target }) => target.matches?.("img.has-history:focus-visible") && this.open(this.gridOf(target), 0, "key"));
    on("focusout", () => this.how === "key" && this.close());
    on("popstate", () => this.close());
    this.seen = new MutationObserver(() => this.mark());
    this.seen.observe(document.querySelector("[data-testid=stMain]") ?? document.body, { childList: true, subtree: true });
  }

  image(grid) {
    return document.querySelector(`.st-key-${CSS.escape(grid.place)} [data-testid=stImage] img`);
  }

  // Streamlit may have put another image in place of one that could be reached.
  mark() {
    for (const grid of this.grids) {
      const image = grid.size && this.image(grid);
      if (!image || image.classList.contains("has-history")) continue;
      image.classList.add("has-history");
      image.tabIndex = 0;
      image.setAttribute("aria-description", "Arrow keys, Home and End go from sample to sample, Enter opens one in Explore.");
    }
  }

  gridOf(target) {
    return target?.tagName === "IMG" ? this.grids.find((grid) => grid.size && this.image(grid) === target) : undefined;
  }

  cellAt(grid, { clientX, clientY }) {
    const image = this.image(grid), box = image.getBoundingClientRect(), form = layout(grid, image);
    const column = Math.floor((((clientX - box.left) / box.width) * form.wide) / (grid.size + grid.gap));
    const row = Math.floor((((clientY - box.top) / box.height) * form.high) / (grid.size + grid.gap));
    const cell = row * form.columns + column;
    return column >= 0 && column < form.columns && row >= 0 && cell < grid.count ? cell : -1;
  }

  point(event) {
    const grid = this.gridOf(event.target), cell = grid ? this.cellAt(grid, event) : -1;
    if (cell >= 0) this.open(grid, cell, "mouse");
    else if (this.how === "mouse") this.close();
  }

  click(event) {
    const grid = this.gridOf(event.target), cell = grid ? this.cellAt(grid, event) : -1;
    if (cell < 0) return this.close();
    if (this.byTouch && !(this.grid === grid && this.cell === cell)) return this.open(grid, cell, "touch");
    this.open(grid, cell, this.how ?? "mouse");
    this.explore();
  }

  key(event) {
    const grid = this.gridOf(event.target);
    if (event.key === "Escape") return this.close();
    if (!grid) return;
    const arrow = ARROWS[event.key], { columns } = layout(grid, event.target);
    if (arrow) {
      const cell = this.grid === grid ? this.cell + arrow[0] + columns * arrow[1] : 0;
      if (cell >= 0 && cell < grid.count) this.open(grid, cell, "key");
    } else if (event.key === "Home" || event.key === "End") this.open(grid, event.key === "Home" ? 0 : grid.count - 1, "key");
    else if ((event.key === "Enter" || event.key === " ") && this.grid === grid) this.explore();
    else return;
    event.preventDefault();
  }

  open(grid, cell, how) {
    if (!grid) return;
    this.how = how;
    if (this.grid === grid && this.cell === cell) return;
    const fresh = !this.grid;
    Object.assign(this, { grid, cell, strip: null, at: 0, turn: (this.turn ?? 0) + 1 });
    if (fresh) (document.querySelector("[data-testid=stApp]") ?? document.body).append(this.ring, this.card);
    this.hint.textContent = `Sample ${cell + 1}, seed ${shownIn(grid, cell).seed}`;
    this.now();
    this.place();
    clearTimeout(this.wish);
    this.wish = setTimeout(() => this.load(this.turn), how === "key" || how === "touch" ? 0 : INTENT_MS);
    if (fresh) this.follow();
  }

  close() {
    if (!this.grid) return;
    clearTimeout(this.wish);
    clearTimeout(this.next);
    this.ring.remove();
    this.card.remove();
    this.grid = this.cell = this.strip = this.how = null;
  }

  // The page scrolls, and its pictures are replaced as it ticks: ring and card go along, and outlive a moment without.
  follow(seen = performance.now()) {
    if (!this.grid) return;
    if (this.image(this.grid)) this.place();
    else if (performance.now() - seen > GONE_MS) return this.close();
    else return requestAnimationFrame(() => this.follow(seen));
    requestAnimationFrame(() => this.follow());
  }

  place() {
    const { size, gap } = this.grid, image = this.image(this.grid), box = image?.getBoundingClientRect();
    if (!box?.width || !image.naturalWidth) return;
    const form = layout(this.grid, image), scale = box.width / form.wide;
    const left = box.left + (this.cell % form.columns) * (size + gap) * scale;
    const top = box.top + Math.floor(this.cell / form.columns) * (size + gap) * (box.height / form.high);
    const side = size * scale, [width, height] = [this.card.offsetWidth, this.card.offsetHeight];
    let x = left + side + 12, y = top + side / 2 - height / 2;
    if (x + width > innerWidth - 8) x = left - 12 - width;
    if (x < 8) {
      x = Math.max(8, Math.min(left + side / 2 - width / 2, innerWidth - width - 8)); // a phone: below it, or above
      y = top + side + 12 + height > innerHeight ? top - 12 - height : top + side + 12;
    }
    y = Math.max(8, Math.min(y, innerHeight - height - 8));
    const set = (element, rules) => Object.assign(element.style, rules);
    set(this.ring, { left: `${left}px`, top: `${top}px`, width: `${side}px`, height: `${side}px` });
    const wide = STILL.matches && this.strip ? Math.min(2 * SIDE, innerWidth - 16) : SIDE;
    set(this.card, { left: `${x}px`, top: `${y}px`, width: `${wide}px` });
  }

  // Until the history is here, the sample as the grid shows it.
  now() {
    const { size, gap } = this.grid, image = this.image(this.grid), form = layout(this.grid, image);
    const scale = image.naturalWidth / form.wide;
    const [column, row] = [this.cell % form.columns, Math.floor(this.cell / form.columns)];
    [this.canvas.width, this.canvas.height] = [size, size];
    const from = [column * (size + gap) * scale, row * (size + gap) * scale, size * scale, size * scale];
    this.canvas.getContext("2d").drawImage(image, ...from, 0, 0, size, size);
    this.caption.textContent = `Step ${stepOf(image).toLocaleString("en")}`;
    this.bar.style.width = "0";
  }

  async load(turn) {
    const { run, place } = this.grid, name = `${place} ${run} ${this.cell}`, image = this.image(this.grid);
    const old = await this.known.get(name);
    if (!old || (image && old.steps.at(-1) < stepOf(image))) this.known.set(name, this.fetched(run, this.cell));
    const strip = await this.known.get(name);
    if (turn !== this.turn || !this.grid) return;
    if (!strip) return this.known.delete(name);
    Object.assign(this, { strip, at: 0 });
    const open = this.opens();
    const touch = { touch: "Tap again", key: "Enter" }[this.how] ?? "Click";
    if (open !== undefined) this.hint.textContent += `. ${touch}: Explore it at step ${open.toLocaleString("en")}`;
    if (STILL.matches) this.stages();
    else this.play(turn);
  }

  async fetched(run, cell) {
    try {
      const answer = await fetch(`${this.beside("sample-history")}?${new URLSearchParams({ run, cell })}`);
      if (!answer.ok) return null;
      const bytes = new Uint8Array(await answer.arrayBuffer());
      const length = new DataView(bytes.buffer).getUint32(0, true);
      const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
      return { ...header, sheet: await createImageBitmap(new Blob([bytes.subarray(4 + length)], { type: "image/png" })) };
    } catch {
      return null; // the server is gone: the sample stays as it is
    }
  }

  draw(at, place) {
    const { sheet, size } = this.strip;
    this.canvas.getContext("2d").drawImage(sheet, at * size, 0, size, size, place * size, 0, size, size);
  }

  play(turn) {
    if (turn !== this.turn || !this.strip) return;
    const { steps } = this.strip, last = this.at >= steps.length - 1;
    this.draw(this.at, 0);
    this.caption.textContent = `Step ${steps[this.at].toLocaleString("en")}`;
    this.bar.style.width = `${(100 * (this.at + 1)) / steps.length}%`;
    this.at = last ? 0 : this.at + 1;
    this.next = setTimeout(() => this.play(turn), last ? HOLD_MS : FRAME_MS);
  }

  // For who wants no motion: a few stages beside each other.
  stages() {
    const { steps, size } = this.strip, count = Math.min(STAGES, steps.length);
    [this.canvas.width, this.canvas.height] = [count * size, size];
    const chosen = Array.from({ length: count }, (_, i) => Math.round((i * (steps.length - 1)) / Math.max(1, count - 1)));
    chosen.forEach((at, i) => this.draw(at, i));
    this.caption.textContent = `Steps ${chosen.map((at) => steps[at].toLocaleString("en")).join(", ")}`;
  }

  // The kept generator nearest to the grid that is shown; that grid's own step as long as nobody knows.
  opens() {
    const image = this.image(this.grid), shown = image ? stepOf(image) : this.strip?.steps.at(-1);
    const opens = this.strip?.opens ?? [shown];
    return opens.reduce((best, step) => (best === undefined || Math.abs(step - shown) < Math.abs(best - shown) ? step : best), undefined);
  }

  explore() {
    const { run, truncation } = this.grid, step = this.opens();
    const asked = new URLSearchParams({ run, ...shownIn(this.grid, this.cell) });
    if (truncation !== 1) asked.set("truncation", truncation);
    if (step !== undefined) asked.set("step", step);
    this.close();
    history.pushState({}, "", `${this.beside("explore")}?${asked}`);
    dispatchEvent(new PopStateEvent("popstate")); // Streamlit goes there as it follows Back and Forward
  }

  beside(page) {
    return location.pathname.replace(/[^/]*$/, page);
  }

  end() {
    this.close();
    this.heard.abort();
    this.seen.disconnect();
  }
}

export default function ({ parentElement, data }) {
  if (!INSTANCES.has(parentElement)) INSTANCES.set(parentElement, new Histories());
  const histories = INSTANCES.get(parentElement);
  histories.grids = data.grids;
  histories.mark();
  return () => {
    histories.end();
    INSTANCES.delete(parentElement);
  };
}
