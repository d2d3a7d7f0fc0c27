// The colours of the two players are those of the studio's curves: G and its fakes have the first, D and what it takes
// for real the second.

const OTHERWISE = { text: "#2a2622", page: "#fbf9f6", line: "#ddd4c7" };
const VARIABLES = { text: "--st-text-color", page: "--st-background-color", line: "--st-border-color" };

// the colours that the theme has at this element now, by what they are for
export function coloursOf(element) {
  const style = getComputedStyle(element), found = {};
  for (const [name, variable] of Object.entries(VARIABLES)) found[name] = style.getPropertyValue(variable).trim() || OTHERWISE[name];
  const [fake = "#b4532a", real = "#35688c", third = "#6b7f3a"] = style.getPropertyValue("--st-chart-categorical-colors").split(",").map((each) => each.trim()).filter(Boolean);
  return { ...found, fake, real, third };
}

const seenColours = new Map();

// a colour of CSS as [red, green, blue, 255]
export function rgbOf(colour) {
  if (!seenColours.has(colour)) {
    const pen = new OffscreenCanvas(1, 1).getContext("2d");
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    seenColours.set(colour, [...pen.getImageData(0, 0, 1, 1).data]);
  }
  return seenColours.get(colour);
}
