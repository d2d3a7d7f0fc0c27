// One Plotly figure per element, made once and then updated in place, so that zoom and hover survive.
const CHARTS = new WeakMap();

const CURVES = {
  d_loss: { axis: "y", name: "D loss", player: "D" },
  g_loss: { axis: "y", name: "G loss", player: "G" },
  d_real: { axis: "y2", name: "D(x), on real", player: "D" },
  d_fake: { axis: "y2", name: "D(G(z)), on fake", player: "G" },
  d_accuracy: { axis: "y3", name: "D's accuracy", player: "third" },
};
const TITLES = [
  ["y", "Losses: both wobbling without running away is healthy"],
  ["y2", "What D believes: 1 = real, 0 = fake; the closer the two, the better the fakes"],
  ["y3", "How often D is right: falling from 1 towards 0.5 means G is fooling it"],
];

const SCORES_TITLE = ["y2", "D's scores, no probabilities: real above fake; the closer the two, the better the fakes"];

const DISTANCE_TITLE = ["y4", "Distance to real pictures: should fall towards the dotted line, as close as real ones are"];

// heights of the charts: three, or four with the distance
const THREE = { y: [0.72, 0.955], y2: [0.37, 0.605], y3: [0.05, 0.255] };
const FOUR = { y4: [0.795, 0.965], y: [0.545, 0.71], y2: [0.295, 0.46], y3: [0.04, 0.205] };

function unpack(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const numbers = new Float32Array(bytes.slice(4 + length).buffer);
  const arrays = {};
  let at = 0;
  for (const [name, count] of header.arrays) {
    arrays[name] = { x: numbers.slice(at, at + count), y: numbers.slice(at + count, at + 2 * count) };
    at += 2 * count;
  }
  return { ...header, arrays };
}

function palette(element) {
  const style = getComputedStyle(element);
  const read = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  const text = read("--st-text-color", "#333");
  const chart = read("--st-chart-categorical-colors", "").split(",").map((colour) => colour.trim());
  return {
    text,
    grid: read("--st-border-color", "#ccc"),
    font: read("--st-font", "sans-serif"),
    surface: read("--st-background-color", "#fff"),
    G: chart[0] || "#b4532a",
    D: chart[1] || "#35688c",
    third: chart[2] || "#6b7f3a",
    best: read("--st-red-text-color", "#D62728"),
  };
}

function traces({ arrays, distance }, colours) {
  const list = [];
  for (const [key, { axis, name, player }] of Object.entries(CURVES)) {
    const common = { type: "scatter", mode: "lines", xaxis: "x", yaxis: axis, legendgroup: key };
    const raw = { ...arrays[key], line: { color: colours[player], width: 1 }, opacity: 0.28 };
    list.push({ ...common, ...raw, hoverinfo: "skip", showlegend: false });
    const line = { ...arrays[key + "~"], line: { color: colours[player], width: 2.2 } };
    list.push({ ...common, ...line, name, hovertemplate: `${name} %{y:.3f}<extra></extra>`, showlegend: false });
  }
  if (arrays.distance) list.push(...distanceTraces(arrays.distance, distance, colours));
  return list;
}

// The measurements as a line, and a cross at the best.
function distanceTraces(points, { best }, colours) {
  const common = { type: "scatter", xaxis: "x", yaxis: "y4", showlegend: false };
  const few = points.x.length < 60;
  const line = { ...points, mode: few ? "lines+markers" : "lines", marker: { size: 4 } };
  const style = { line: { color: colours.G, width: 2.2 }, hovertemplate: "distance %{y:.2f}<extra></extra>" };
  const found = [{ ...common, ...line, ...style }];
  if (best) {
    const cross = { mode: "markers", marker: { symbol: "x", size: 10, color: colours.best } };
    found.push({ ...common, ...cross, x: [best[0]], y: [best[1]], hovertemplate: "best so far %{y:.2f}<extra></extra>" });
  }
  return found;
}

// The floor with its error, and what floor and cross mean.
function distanceMarks({ floor, deviation, best }, colours, domain, empty) {
  const shapes = [];
  const words = [];
  const place = { xref: "paper", yref: "paper", showarrow: false, font: { size: 11 } };
  if (floor) {
    const across = { xref: "paper", yref: "y4", x0: 0, x1: 1, layer: "below" };
    const low = Math.max(floor - deviation, floor / 10);
    const band = { fillcolor: colours.D, opacity: 0.18, line: { width: 0 } };
    shapes.push({ ...across, ...band, type: "rect", y0: low, y1: floor + deviation });
    shapes.push({ ...across, type: "line", y0: floor, y1: floor, line: { color: colours.D, width: 1.5, dash: "dot" } });
  }
  const labels = [];
  if (best) labels.push(`<span style="color:${colours.best}">✕ best so far: ${best[1].toFixed(2)}</span>`);
  if (floor) labels.push(`<span style="color:${colours.D}">┄ real pictures: ${floor.toFixed(2)}</span>`);
  const text = labels.join("&nbsp;&nbsp; ");
  if (text) words.push({ ...place, text, x: 1, xanchor: "right", y: domain[1] + 0.008, yanchor: "middle" });
  if (empty) {
    const middle = { x: 0.5, xanchor: "center", y: (domain[0] + domain[1]) / 2, yanchor: "middle" };
    words.push({ ...place, ...middle, text: "the first measurement is on its way", opacity: 0.7 });
  }
  return { shapes, words };
}

// A thin line through all three charts for each mark; neighbours' words stand on different levels.
const LEVELS = 3;
function marked(marks, colours, last, domains) {
  const shapes = [];
  const words = [];
  (marks || []).forEach(([step, word], i) => {
    const line = { color: colours.text, width: 1, dash: "dot" };
    for (const [y0, y1] of Object.values(domains)) {
      shapes.push({ type: "line", xref: "x", yref: "paper", x0: step, x1: step, y0, y1, line, opacity: 0.5 });
    }
    const text = word.replace(/&/g, "&amp;").replace(/</g, "&lt;");
    const y = 0.95 - 0.03 * (i % LEVELS);
    const side = step > 0.6 * last ? { xanchor: "right", xshift: -2 } : { xanchor: "left", xshift: 2 };
    const place = { x: step, xref: "x", y, yref: "paper", yanchor: "top", showarrow: false, ...side };
    words.push({ ...place, text, font: { size: 10.5 }, bgcolor: colours.surface, opacity: 0.85, borderpad: 0 });
  });
  return { shapes, words: words.slice(-12) };
}

function layout({ losses, scores, identity, height, marks, arrays, distance }, colours, width) {
  const domains = distance ? FOUR : THREE;
  const scale = distance ? 0.78 : 1; // the same distances in pixels in a taller figure
  const axis = { gridcolor: colours.grid, zeroline: false, linecolor: colours.grid, tickfont: { size: 11 }, fixedrange: false };
  const notes = [];
  const size = width < 480 ? 10.5 : 12.5;
  const titles = scores ? TITLES.map((each) => (each[0] === "y2" ? SCORES_TITLE : each)) : TITLES;
  for (const [ref, text] of distance ? [DISTANCE_TITLE, ...titles] : titles) {
    const [title, rest] = text.split(/(?<=:)/);
    const shown = width < 480 ? `<b>${title.replace(":", "")}</b>` : `<b>${title}</b>${rest}`;
    notes.push({ text: shown, font: { size }, x: 0, xanchor: "left", y: domains[ref][1] + 0.045 * scale, yanchor: "middle" });
  }
  const labels = Object.values(CURVES).filter((curve) => curve.axis !== "y3");
  for (const ref of ["y", "y2"]) {
    labels.filter((curve) => curve.axis === ref).reverse().forEach((curve, i) => {
      const text = `<span style="color:${colours[curve.player]}">■ ${curve.name}</span>`;
      const x = 1 - i * (width < 480 ? 0.34 : 0.24);
      notes.push({ text, font: { size: 11 }, x, xanchor: "right", y: domains[ref][1] + 0.008 * scale, yanchor: "middle" });
    });
  }
  const { shapes, words } = marked(marks, colours, arrays.d_loss.x.at(-1) || 0, domains);
  const axes = {};
  if (distance) {
    const own = distanceMarks(distance, colours, domains.y4, !arrays.distance.x.length);
    shapes.push(...own.shapes);
    words.push(...own.words);
    const ticks = { type: "log", dtick: 1, tickformat: "~g", range: distance.range };
    axes.yaxis4 = { ...axis, ...ticks, domain: domains.y4 };
  }
  return {
    shapes,
    uirevision: identity,
    height,
    margin: { l: 38, r: 6, t: 4, b: 30 },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: colours.font, color: colours.text, size: 12 },
    hovermode: "x",
    hoverlabel: { bgcolor: colours.surface, bordercolor: colours.grid, font: { color: colours.text } },
    showlegend: false,
    dragmode: "zoom",
    annotations: [...notes.map((note) => ({ ...note, xref: "paper", yref: "paper", showarrow: false })), ...words],
    xaxis: { ...axis, anchor: "y3", title: { text: "step", font: { size: 11 }, standoff: 4 }, rangemode: "tozero" },
    yaxis: { ...axis, domain: domains.y, range: losses },
    yaxis2: { ...axis, domain: domains.y2, ...(scores ? { range: scores } : { range: [-0.03, 1.03], dtick: 0.5 }) },
    yaxis3: { ...axis, domain: domains.y3, range: [0.3, 1.03], dtick: 0.25 },
    ...axes,
  };
}

function draw(chart) {
  if (!window.Plotly || !chart.data || !chart.div.isConnected) return;
  const colours = palette(chart.div);
  const figure = layout(chart.data, colours, chart.div.clientWidth);
  const options = { displayModeBar: false, responsive: true, doubleClick: "reset" };
  chart.drawn = window.Plotly.react(chart.div, traces(chart.data, colours), figure, options);
  chart.div.setAttribute("role", "img");
  chart.div.setAttribute("aria-label", chart.data.alt);
  chart.div.dataset.updates = String(Number(chart.div.dataset.updates || 0) + 1);
}

export default function ({ parentElement, data }) {
  let chart = CHARTS.get(parentElement);
  if (!chart) {
    chart = { div: parentElement.querySelector(".curves"), drawn: Promise.resolve() };
    chart.ready = () => draw(chart);
    window.addEventListener("dcgan-plotly", chart.ready);
    CHARTS.set(parentElement, chart);
  }
  if (data && data.length) {
    chart.data = unpack(data);
    draw(chart);
  }
  return () => {
    window.removeEventListener("dcgan-plotly", chart.ready);
    CHARTS.delete(parentElement);
    // a drawing ends in promises of Plotly's, which fail if the figure is taken down before
    chart.drawn.finally(() => {
      if (window.Plotly && !CHARTS.has(parentElement)) window.Plotly.purge(chart.div);
    });
  };
}
