// Keeps the film of training that was asked for: a JSON list of [step, bytes] and then the packed generators.
export default function ({ data }) {
  const studio = (globalThis.dcganStudio ??= { files: new Map(), thumbs: new Map(), waiting: new Set() });
  const length = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
  const { name, moments } = JSON.parse(new TextDecoder().decode(data.subarray(4, 4 + length)));
  let at = 4 + length;
  studio.film = { name, moments: moments.map(([step, bytes]) => ({ step, file: data.slice(at, (at += bytes)) })) };
  const waiting = [...studio.waiting];
  studio.waiting.clear();
  for (const act of waiting) act();
}
