// How a map looks: dots in the colours of classes, pictures where there is room for them, a line. Its colours stand
// off both a light and a dark page, so the canvas needs to know neither.

// at least 3 to 1 against either page
const CLASS_COLOURS = ["#4E88C7", "#D9722E", "#3F9A5F", "#C94F7C", "#8C6BD1", "#A8862B", "#2E9AA6", "#C2544D", "#7D8B3A", "#9A7B68"];
export const NO_CLASS_COLOUR = "#8C857C";
const MAP_ACCENT = "#C8622F";
const LEAST_PX = 26, MOST_PX = 100; // a picture's side
const GROWTH = 0.5; // of a picture's side with the zoom
const APPEAR_MS = 160;
const FAINT_ALPHA = 0.14; // of what isn't of the chosen class

// the colour of each class: the most frequent ones have their own
export function mapColours(counts) {
  const ranked = counts.map((count, k) => [count, k]).sort(([a, i], [b, j]) => b - a || i - j);
  const colours = counts.map(() => NO_CLASS_COLOUR);
  if (counts.length <= CLASS_COLOURS.length) return counts.map((_, k) => CLASS_COLOURS[k]);
  ranked.slice(0, CLASS_COLOURS.length - 1).forEach(([, k], rank) => (colours[k] = CLASS_COLOURS[rank]));
  return colours;
}

// a picture's side where there is room for it
export const pictureSide = (zoom) => Math.min(MOST_PX, LEAST_PX * Math.max(1, zoom) ** GROWTH);

// Draws one sample's picture with its frame, or, where there is none yet, its dot; answers whether it is all there.
export function mapPicture(context, picture, x, y, side, colour, now, width = 1.5) {
  if (!picture) {
    mapDots(context, [[x, y]], colour, 3.5);
    return true;
  }
  const shown = Math.min(1, (now - picture.at) / APPEAR_MS), { globalAlpha } = context, size = picture.canvas.width;
  context.globalAlpha = globalAlpha * shown;
  context.imageSmoothingEnabled = side * context.dpr < 1.5 * size; // enlarged pixels stay crisp
  context.drawImage(picture.canvas, x - side / 2, y - side / 2, side, side);
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.strokeRect(x - side / 2, y - side / 2, side, side);
  context.globalAlpha = globalAlpha;
  return shown === 1;
}

export function mapDots(context, places, colour, radius) {
  context.fillStyle = colour;
  context.beginPath();
  for (const [x, y] of places) {
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
  context.fill();
}

export function mapLine(context, places) {
  context.strokeStyle = MAP_ACCENT;
  context.lineWidth = 2.5;
  context.lineJoin = context.lineCap = "round";
  context.beginPath();
  for (const [x, y] of places) context.lineTo(x, y);
  context.stroke();
}

// the number of a keyframe, at the corner of its picture
export function mapNumber(context, number, x, y) {
  mapDots(context, [[x, y]], MAP_ACCENT, 9);
  Object.assign(context, { fillStyle: "#fff", font: "600 11px sans-serif", textAlign: "center", textBaseline: "middle" });
  context.fillText(number, x, y + 0.5);
}

export function mapChosen(context, picture, x, y, side, now) {
  return mapPicture(context, picture, x, y, side, MAP_ACCENT, now, 3);
}

export const alphaOf = (chosen, k) => (chosen === null || chosen === k ? 1 : FAINT_ALPHA);
