// Puts a map on the page; which samples a person opens goes to Python. The program and the weights come by courier.js.
const MAPS = new WeakMap();
const studio = (globalThis.dcganStudio ??= { files: new Map(), thumbs: new Map(), waiting: new Set() });

export default function ({ parentElement, data, setTriggerValue }) {
  const place = MAPS.get(parentElement) ?? {};
  MAPS.set(parentElement, place);
  Object.assign(place, { data, ended: false, open: (seeds) => setTriggerValue("open", { seeds }) });
  place.take ??= () => {
    const { data } = place, file = studio.files.get(data.model);
    if (place.ended) return;
    if (!studio.SampleMap || !file) return studio.waiting.add(place.take); // still on their way
    place.map ??= new studio.SampleMap(parentElement, { open: (seeds) => place.open(seeds) });
    if (place.name !== data.name) place.map.set(data, file);
    place.name = data.name;
  };
  place.take();
  return () => {
    place.ended = true;
    studio.waiting.delete(place.take);
    place.map?.end();
    MAPS.delete(parentElement);
  };
}
