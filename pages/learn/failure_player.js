// Two trainings side by side under one scrubber: pictures and curves up to the step that it stands at.
const PLAYERS = new WeakMap();
const FRAMES_PER_SECOND = 12;
const SIDE = 128, ACROSS = 10; // pixels of a frame, frames in a row of a sheet
const CHARTS = [
  { title: "Losses", lines: [["d_loss", "D's loss", "D"], ["g_loss", "G's loss", "G"]], digits: 2 },
  { title: "D says real", lines: [["d_real", "of real ones", "D"], ["d_fake", "of fakes", "G"]], top: 1, percent: true },
];

// Undoes `_packed` of failures.py.
function unpack(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let at = 4 + length;
  header.blobs = header.sizes.map((size) => new Blob([bytes.slice(at, (at += size))], { type: "image/webp" }));
  return header;
}

function element(kind, name, text = "") {
  const made = document.createElement(kind);
  if (name) made.className = name;
  made.textContent = text;
  return made;
}

// The last position of rising numbers that is not past a limit; 0 if all are.
function lastUpTo(numbers, limit) {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] <= limit) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

const shown = (value, { percent, digits }) => (percent ? `${Math.round(100 * value)} %` : value.toFixed(digits ?? 2));

class Player {
  constructor(parent) {
    this.root = element("div", "player");
    parent.appendChild(this.root);
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.sizes = new ResizeObserver(() => this.show());
  }

  // ---- what is on the page

  async load(header) {
    this.stop();
    this.header = header;
    this.answered = header.named ? "named" : "";
    this.furthest = 0;
    this.moments = header.films[0].frames;
    const spread = header.films.flatMap(({ curves }) => [...curves.g_loss, ...curves.d_loss]).sort((a, b) => a - b);
    this.topLoss = spread[Math.floor(0.985 * (spread.length - 1))] * 1.08;
    this.build();
    const ticket = (this.ticket = (this.ticket ?? 0) + 1);
    const sheets = await Promise.all(header.blobs.slice(0, 2).map((blob) => createImageBitmap(blob)));
    if (ticket !== this.ticket) return;
    this.sheets = sheets;
    this.show();
  }

  build() {
    const films = element("div", "films");
    this.parts = this.header.films.map((film, at) => this.film(film, at, films));
    const bar = element("div", "bar");
    this.play = element("button", "play", "Play");
    this.play.addEventListener("click", () => (this.timer ? this.stop() : this.run()));
    this.range = Object.assign(element("input"), { type: "range", min: 0, max: this.moments.length - 1, value: 0 });
    this.range.setAttribute("aria-label", "Step of both trainings");
    this.range.addEventListener("input", () => (this.stop(), this.show()));
    this.step = element("output", "step");
    bar.append(this.play, this.range, this.step);
    this.end = element("div", "end");
    this.said = element("div", "said");
    this.said.setAttribute("aria-live", "polite");
    this.root.replaceChildren(films, bar, this.end, this.said);
    this.parts.forEach(({ charts }) => charts.forEach(({ canvas }) => this.sizes.observe(canvas)));
    if (this.answered) this.reveal();
  }

  film(film, at, films) {
    const card = element("section", "film");
    const head = element("h3", "", this.header.named ? film.title : `Training ${"AB"[at]}`);
    const canvas = Object.assign(element("canvas", "pictures"), { width: SIDE, height: SIDE });
    canvas.setAttribute("role", "img");
    const side = element("div", "charts");
    const charts = CHARTS.map((chart) => {
      const box = element("div", "chart");
      const line = element("p", "legend", `${chart.title}: `);
      const values = chart.lines.map(([, label, player]) => {
        const value = element("b", player);
        line.append(`${label} `, value, " ");
        return value;
      });
      const drawn = element("canvas");
      drawn.setAttribute("role", "img");
      drawn.setAttribute("aria-label", `${chart.title} of training ${"AB"[at]}`);
      box.append(line, drawn);
      side.append(box);
      return { canvas: drawn, values, ...chart };
    });
    card.append(head, canvas, side);
    if (!this.header.named) {
      const button = element("button", "answer", `${"AB"[at]} is ill`);
      button.addEventListener("click", () => this.answer(at));
      card.append(button);
    }
    films.append(card);
    return { card, head, canvas, charts };
  }

  // ---- what moves

  show() {
    if (!this.sheets) return;
    const at = Number(this.range.value), step = this.moments[at];
    this.furthest = Math.max(this.furthest, step);
    this.step.textContent = `step ${step.toLocaleString("en")}`;
    this.range.setAttribute("aria-valuetext", this.step.textContent);
    this.header.films.forEach((film, i) => {
      const frame = lastUpTo(film.frames, step), { canvas, charts } = this.parts[i];
      const [x, y] = [(frame % ACROSS) * SIDE, Math.floor(frame / ACROSS) * SIDE];
      canvas.getContext("2d").drawImage(this.sheets[i], x, y, SIDE, SIDE, 0, 0, SIDE, SIDE);
      canvas.setAttribute("aria-label", `Sixteen fakes of training ${"AB"[i]} at step ${film.frames[frame]}`);
      canvas.dataset.step = film.frames[frame];
      charts.forEach((chart) => this.draw(film, chart, step));
    });
  }

  // Lines up to a step; once it is answered the rest faintly, and where the first alarm spoke.
  draw({ curves, raised }, { canvas, values, lines, top, ...way }, step) {
    const look = getComputedStyle(this.root), ratio = devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (!width) return;
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    const pen = canvas.getContext("2d"), last = this.moments.at(-1), highest = top ?? this.topLoss;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const place = (x, y) => [(x / last) * (width - 2) + 1, height - 2 - (Math.min(y, highest) / highest) * (height - 4)];
    const rule = (x, colour, dashes) => {
      pen.setLineDash(dashes);
      pen.strokeStyle = look.getPropertyValue(colour);
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(place(x, 0)[0], 0);
      pen.lineTo(place(x, 0)[0], height);
      pen.stroke();
      pen.setLineDash([]);
    };
    const now = lastUpTo(curves.step, step);
    lines.forEach(([name], i) => {
      pen.strokeStyle = getComputedStyle(values[i]).color; // of its number in the words above
      const through = (from, to) => {
        pen.beginPath();
        for (let at = from; at <= to; at++) pen.lineTo(...place(curves.step[at], curves[name][at]));
        pen.stroke();
      };
      pen.lineWidth = 1.4;
      pen.globalAlpha = 1;
      if (step) through(0, now);
      if (this.answered) {
        pen.globalAlpha = 0.25;
        through(now, curves.step.length - 1);
        pen.globalAlpha = 1;
      }
      const window = curves[name].slice(Math.max(0, now - 4), now + 1);
      values[i].textContent = step ? shown(window.reduce((sum, value) => sum + value, 0) / window.length, way) : "–";
    });
    if (this.answered && raised) rule(raised, "--alarm", [3, 3]);
    rule(step, "--text", []);
  }

  run() {
    if (Number(this.range.value) >= this.moments.length - 1) this.range.value = 0;
    this.play.textContent = "Pause";
    this.timer = setInterval(() => {
      this.range.value = Number(this.range.value) + 1;
      this.show();
      if (Number(this.range.value) >= this.moments.length - 1) this.stop();
    }, 1000 / FRAMES_PER_SECOND);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    if (this.play) this.play.textContent = "Play";
  }

  key(event) {
    const act = {
      a: () => this.answer(0),
      b: () => this.answer(1),
      " ": () => this.play.click(),
      ArrowRight: () => this.move(1),
      ArrowLeft: () => this.move(-1),
    }[event.key];
    const own = event.target === this.range ? ["ArrowRight", "ArrowLeft"] : event.target.tagName === "BUTTON" ? [" "] : [];
    if (!act || own.includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  }

  move(by) {
    this.stop();
    this.range.value = Number(this.range.value) + by;
    this.show();
  }

  // ---- the answer

  answer(at) {
    if (this.answered) return;
    this.stop();
    const right = at === this.header.ill;
    this.answered = right ? "right" : "wrong";
    const ill = this.header.films[this.header.ill];
    const verdict = `${right ? "Right" : "No"}: ${"AB"[this.header.ill]} is ill. `;
    const seen = `You had looked up to step ${this.furthest.toLocaleString("en")}; `;
    const alarm = `the first alarm spoke at step ${ill.raised.toLocaleString("en")}.`;
    this.reveal(verdict, seen + alarm);
    this.said.querySelector("h3").focus();
  }

  reveal(verdict = "", seen = "") {
    this.root.dataset.answered = this.answered;
    this.parts.forEach(({ head, card }, at) => {
      head.textContent = `${this.header.named ? "" : `${"AB"[at]}: `}${this.header.films[at].title}`;
      card.querySelector(".answer")?.remove();
    });
    const told = this.header.films.filter(({ words }) => words.length);
    const panels = told.map((film) => this.panel(film, verdict, seen));
    this.said.replaceChildren(...panels);
    if (this.header.next) {
      const next = element("button", "next", this.header.next);
      next.addEventListener("click", () => this.onNext());
      this.said.append(next);
    }
    this.show();
  }

  panel(film, verdict, seen) {
    const panel = element("article", "panel");
    const title = element("h3", "", verdict + film.title);
    title.tabIndex = -1;
    panel.append(title);
    if (seen) panel.append(element("p", "seen", seen));
    const list = element("dl");
    for (const [term, text] of film.words) list.append(element("dt", "", term), element("dd", "", text));
    panel.append(list);
    if (film.nearest) panel.append(this.copies(film));
    return panel;
  }

  copies({ nearest, nearestWords }) {
    const figure = element("figure");
    const canvas = Object.assign(element("canvas", "pictures"), { width: 2 * SIDE + 8, height: SIDE });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", nearestWords);
    createImageBitmap(this.header.blobs[nearest]).then((sheet) => {
      const pen = canvas.getContext("2d");
      pen.drawImage(sheet, 0, 0, SIDE, SIDE, 0, 0, SIDE, SIDE);
      pen.drawImage(sheet, SIDE, 0, SIDE, SIDE, SIDE + 8, 0, SIDE, SIDE);
    });
    figure.append(canvas, element("figcaption", "", nearestWords));
    return figure;
  }
}

export default function ({ parentElement, data, setTriggerValue }) {
  if (!PLAYERS.has(parentElement)) PLAYERS.set(parentElement, new Player(parentElement));
  const player = PLAYERS.get(parentElement);
  player.onNext = () => setTriggerValue("next", true);
  const header = unpack(data);
  if (header.identity !== player.header?.identity) player.load(header);
  return () => {
    player.stop();
    player.sizes.disconnect();
    player.root.remove();
    PLAYERS.delete(parentElement);
  };
}
