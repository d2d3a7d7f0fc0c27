// A small chart that grows with the game: some lines over the step, all of the game in one width.

const MOST = 400; // points of a line; beyond, each two become their mean

export class Strip {
  // lines: the names of their colours, by the names of the values; level: the name of a value that is drawn as a level, dashed
  constructor(canvas, lines, level = null) {
    Object.assign(this, { canvas, lines, level });
    this.clear();
  }

  clear() {
    [this.points, this.each, this.open] = [[], 1, []];
  }

  // values: by the names of the lines, of one more look at the game
  add(values) {
    this.open.push(values);
    this.last = values;
    if (this.open.length < this.each) return;
    this.points.push(meanOf(this.open));
    this.open = [];
    if (this.points.length < MOST) return;
    this.points = this.points.flatMap((point, i) => (i % 2 ? [meanOf([this.points[i - 1], point])] : []));
    this.each *= 2;
  }

  paint(colours) {
    const { canvas, points } = this, finest = Math.min(2, devicePixelRatio);
    const [width, height] = [canvas.clientWidth, canvas.clientHeight].map((size) => Math.round(size * finest));
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, width, height);
    if (!points.length) return;
    const names = Object.keys(this.lines), level = this.level ? this.last[this.level] : null;
    const all = points.flatMap((point) => names.map((name) => point[name])).sort((a, b) => a - b);
    const [low, high] = [Math.min(0, all[Math.floor(0.02 * all.length)]), all[Math.floor(0.98 * (all.length - 1))]];
    const top = 1.15 * Math.max(high, level ?? 0, 1e-3), bottom = 1.15 * low;
    const y = (value) => finest + (height - 2 * finest) * (1 - (Math.max(bottom, Math.min(top, value)) - bottom) / (top - bottom));
    const x = (i) => (points.length > 1 ? (i * width) / (points.length - 1) : 0);
    const draw = (values, colour, dashes = []) => {
      pen.beginPath();
      values.forEach(([at, value]) => pen.lineTo(at, y(value)));
      pen.strokeStyle = colours[colour];
      pen.lineWidth = 1.6 * finest;
      pen.setLineDash(dashes);
      pen.stroke();
    };
    draw([[0, 0], [width, 0]], "line");
    if (level !== null) draw([[0, level], [width, level]], "text", [3 * finest, 3 * finest]);
    for (const name of names) draw(points.map((point, i) => [x(i), point[name]]), this.lines[name]);
  }
}

function meanOf(points) {
  return Object.fromEntries(Object.keys(points[0]).map((name) => [name, points.reduce((sum, point) => sum + point[name], 0) / points.length]));
}
