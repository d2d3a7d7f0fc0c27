// Keeps what came once: the program above this line, the weights of the models that were looked at last, and a film.
const MOST_BYTES = 150e6;

export default function ({ data }) {
  const studio = (globalThis.dcganStudio ??= { files: new Map(), thumbs: new Map(), waiting: new Set() });
  Object.assign(studio, PROVIDES);
  if (data?.length) {
    const length = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
    const hash = new TextDecoder().decode(data.subarray(4, 4 + length));
    studio.files.delete(hash); // the newest goes to the end
    studio.files.set(hash, data.slice(4 + length));
    let bytes = 0;
    for (const [name, file] of [...studio.files].reverse()) if ((bytes += file.length) > MOST_BYTES && name !== hash) studio.files.delete(name);
  }
  const waiting = [...studio.waiting];
  studio.waiting.clear();
  for (const act of waiting) act();
}
