// A picture with its recipe inside, as dcgan/images/encode.py writes it: a text chunk of a PNG.

const CRC_TABLE = Int32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

function crc32(bytes) {
  return ~bytes.reduce((crc, byte) => CRC_TABLE[(crc ^ byte) & 255] ^ (crc >>> 8), -1);
}

// What a view needs to be drawn again; `directions` says what one standard deviation along an axis adds to z, and the
// header of the model which classes there are.
export function recipeOf(origin, view, directions, { classes }) {
  const moved = view.sliders.filter(([slider]) => typeof slider === "string" && directions.has(slider));
  const known = view.sliders.filter(([slider]) => typeof slider === "number" || directions.has(slider));
  const recipe = {
    ...origin,
    seed: view.seed,
    walk: view.hops.map(([distance, around, number]) => ({ distance, around, number })),
    sliders: Object.fromEntries(known),
    truncation: view.truncation,
  };
  const isClass = (label) => label !== null && label < (classes?.names.length ?? 0);
  if (view.z) recipe.z = view.z;
  else if (isClass(view.label)) recipe.class = view.label;
  if (!view.z && isClass(view.toward)) Object.assign(recipe, { toward: view.toward, share: view.share });
  if (moved.length) {
    const sum = Array.from(directions.get(moved[0][0]), () => 0);
    for (const [axis, value] of moved) directions.get(axis).forEach((x, i) => (sum[i] += value * x));
    Object.assign(recipe, { offset: sum.map((x) => Math.round(x * 1e6) / 1e6), measured: origin.step });
  }
  return recipe;
}

// a PNG as a data address -> the same with the recipe behind its header
export function signed(address, recipe) {
  const png = Uint8Array.from(atob(address.slice(address.indexOf(",") + 1)), (c) => c.charCodeAt(0));
  const ascii = JSON.stringify(recipe).replace(/[\u0080-\uffff]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
  const body = new TextEncoder().encode(`tEXtdcgan\0${ascii}`);
  const chunk = new Uint8Array(body.length + 8);
  new DataView(chunk.buffer).setUint32(0, body.length - 4);
  chunk.set(body, 4);
  new DataView(chunk.buffer).setInt32(body.length + 4, crc32(body));
  const header = 33; // the signature and IHDR
  const parts = [png.subarray(0, header), chunk, png.subarray(header)];
  const text = parts.map((part) => part.reduce((all, byte) => all + String.fromCharCode(byte), "")).join("");
  return `data:image/png;base64,${btoa(text)}`;
}
