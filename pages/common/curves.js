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

const DOMAINS = { y: [0.72, 0.955], y2: [0.37, 0.605], y3: [0.05, 0.255] }; // heights of the three charts

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
  };
}

function traces(arrays, colours) {
  const list = [];
  for (const [key, { axis, name, player }] of Object.entries(CURVES)) {
    const common = { type: "scatter", mode: "lines", xaxis: "x", yaxis: axis, legendgroup: key };
    const raw = { ...arrays[key], line: { color: colours[player], width: 1 }, opacity: 0.28 };
    list.push({ ...common, ...raw, hoverinfo: "skip", showlegend: false });
    const line = { ...arrays[key + "~"], line: { color: colours[player], width: 2.2 } };
    list.push({ ...common, ...line, name, hovertemplate: `${name} %{y:.3f}<extra></extra>`, showlegend: false });
  }
  return list;
}

// A thin line through all three charts for each mark; neighbours' words stand on different levels.
const LEVELS = 3;
function marked(marks, colours, last) {
  const shapes = [];
  const words = [];
  (marks || []).forEach(([step, word], i) => {
    const line = { color: colours.text, width: 1, dash: "dot" };
    for (const [y0, y1] of Object.values(DOMAINS)) {
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

function layout({ losses, identity, height, marks, arrays }, colours, width) {
  const axis = { gridcolor: colours.grid, zeroline: false, linecolor: colours.grid, tickfont: { size: 11 }, fixedrange: false };
  const notes = [];
  const size = width < 480 ? 10.5 : 12.5;
  for (const [ref, text] of TITLES) {
    const [title, rest] = text.split(/(?<=:)/);
    const shown = width < 480 ? `<b>${title.replace(":", "")}</b>` : `<b>${title}</b>${rest}`;
    notes.push({ text: shown, font: { size }, x: 0, xanchor: "left", y: DOMAINS[ref][1] + 0.045, yanchor: "middle" });
  }
  const labels = Object.values(CURVES).filter((curve) => curve.axis !== "y3");
  for (const ref of ["y", "y2"]) {
    labels.filter((curve) => curve.axis === ref).reverse().forEach((curve, i) => {
      const text = `<span style="color:${colours[curve.player]}">■ ${curve.name}</span>`;
      const x = 1 - i * (width < 480 ? 0.34 : 0.24);
      notes.push({ text, font: { size: 11 }, x, xanchor: "right", y: DOMAINS[ref][1] + 0.008, yanchor: "middle" });
    });
  }
  const { shapes, words } = marked(marks, colours, arrays.d_loss.x.at(-1) || 0);
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
    yaxis: { ...axis, domain: DOMAINS.y, range: losses },
    yaxis2: { ...axis, domain: DOMAINS.y2, range: [-0.03, 1.03], dtick: 0.5 },
    yaxis3: { ...axis, domain: DOMAINS.y3, range: [0.3, 1.03], dtick: 0.25 },
  };
}

function draw(chart) {
  if (!window.Plotly || !chart.data || !chart.div.isConnected) return;
  const colours = palette(chart.div);
  const figure = layout(chart.data, colours, chart.div.clientWidth);
  const options = { displayModeBar: false, responsive: true, doubleClick: "reset" };
  window.Plotly.react(chart.div, traces(chart.data.arrays, colours), figure, options);
  chart.div.dataset.updates = String(Number(chart.div.dataset.updates || 0) + 1);
}

export default function ({ parentElement, data }) {
  let chart = CHARTS.get(parentElement);
  if (!chart) {
    chart = { div: parentElement.querySelector(".curves") };
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
    if (window.Plotly) window.Plotly.purge(chart.div);
    CHARTS.delete(parentElement);
  };
}
