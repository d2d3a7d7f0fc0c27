// Puts a morph, or a square between four corners, on the page; what a person changes goes to Python when the hand lets
// go. The program and the weights come by courier.js.
const MOUNTED = new WeakMap();
const MOST_PICTURE_BYTES = 24e6;
const studio = (globalThis.dcganStudio ??= { files: new Map(), thumbs: new Map(), waiting: new Set() });

class Mounted {
  constructor(parent, header) {
    this.again = () => this.take(this.header); // once the weights have come
    this.sent = header.seq; // messages sent so far in this visit; Python echoes the last it has read
    const host = { commit: (message) => this.send(message) };
    if (header.kind === "Morph") host.picture = (file) => this.sendPicture(file);
    this.lab = new studio[header.kind](parent, host);
  }

  send(message) {
    this.setState("message", { ...message, seq: ++this.sent });
  }

  sendPicture(file) {
    if (file.size > MOST_PICTURE_BYTES) return this.lab.tell(`${file.name} is larger than any picture saved here.`);
    const reader = new FileReader();
    reader.onload = () => this.setTrigger("picture", { data: reader.result.split(",")[1] ?? "" });
    reader.readAsDataURL(file);
  }

  take(header) {
    const { lab } = this, { read, write } = studio.morphParams[header.kind];
    this.header = header;
    const facts = JSON.stringify(header.facts);
    if (facts !== this.facts) lab.setFacts(header.facts);
    this.facts = facts;
    if (header.model !== this.model) {
      if (!studio.files.has(header.model)) return studio.waiting.add(this.again);
      this.model = header.model;
      lab.setModel(studio.files.get(header.model));
    }
    const favourites = JSON.stringify(header.favourites);
    if (favourites !== this.favourites) lab.setFavourites(header.favourites);
    this.favourites = favourites;
    if (header.seq < this.sent) return; // newer changes of ours are on their way
    const wanted = JSON.stringify(write(read(header.params)));
    if (this.params === undefined || wanted !== JSON.stringify(lab.committed)) lab.setParams(header.params);
    this.params = wanted;
  }
}

export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  const place = { ended: false };
  const start = () => {
    if (place.ended) return;
    if (!studio[data.kind]) return studio.waiting.add(start); // the program is still on its way
    if (!MOUNTED.has(parentElement)) MOUNTED.set(parentElement, new Mounted(parentElement, data));
    const mounted = MOUNTED.get(parentElement);
    Object.assign(mounted, { setState: setStateValue, setTrigger: setTriggerValue });
    mounted.take(data);
  };
  start();
  return () => {
    place.ended = true;
    const mounted = MOUNTED.get(parentElement);
    studio.waiting.delete(mounted?.again); // weights that come too late must not start anything
    mounted?.lab.end();
    MOUNTED.delete(parentElement);
  };
}
