// Puts the laboratory on the page. The program and the weights come once per visit; what a person changes goes to
// Python when the hand lets go.
const LABS = new WeakMap();
const studio = (globalThis.dcganStudio ??= { files: new Map(), thumbs: new Map(), waiting: new Set() });

function whenReady(act) {
  if (studio.Lab) act();
  else studio.waiting.add(act);
}

class Mounted {
  constructor(parent, header) {
    this.again = () => this.take(this.header); // once what it lacks has come
    this.sent = header.seq; // messages sent so far in this visit; Python echoes the last it has read
    this.lab = new studio.Lab(parent, { commit: (message) => this.send(message) });
  }

  send(message) {
    if (message.favourites) this.rememberThumbs();
    this.message = { ...this.message, ...message, seq: ++this.sent };
    this.setState("message", this.message);
  }

  rememberThumbs() {
    for (const { run, step, params, thumb } of this.lab.favourites.kept) studio.thumbs.set(JSON.stringify([run, step, params]), thumb);
  }

  take(header) {
    const { lab } = this;
    this.header = header;
    if (header.seq >= this.sent) this.message = {}; // Python has read all of it
    lab.setFacts(header.facts);
    if (header.model !== this.model) {
      if (!studio.files.has(header.model)) return studio.waiting.add(this.again);
      this.model = header.model;
      lab.setModel(studio.files.get(header.model), header.kernels);
    }
    if (header.film !== this.film) {
      if (header.film && studio.film?.name !== header.film) studio.waiting.add(this.again);
      else {
        this.film = header.film;
        if (header.film) lab.film.open(studio.film.moments);
        else lab.film.close();
      }
    }
    if (header.seq < this.sent) return; // newer changes of ours are on their way
    const params = JSON.stringify(header.params);
    const fresh = this.params === undefined;
    if (fresh || (params !== this.params && params !== JSON.stringify(studio.toParams(lab.committed)))) {
      lab.desk.page = header.page;
      lab.setView(studio.fromParams(header.params));
    }
    this.params = params;
    const favourites = JSON.stringify(header.favourites);
    if (favourites !== this.favourites) {
      this.favourites = favourites;
      lab.favourites.set(header.favourites.map((kept) => ({ ...kept, thumb: studio.thumbs.get(JSON.stringify([kept.run, kept.step, kept.params])) })));
    }
  }
}

export default function ({ parentElement, data, setStateValue }) {
  const place = { ended: false };
  whenReady(() => {
    if (place.ended) return;
    if (!LABS.has(parentElement)) LABS.set(parentElement, new Mounted(parentElement, data));
    const mounted = LABS.get(parentElement);
    mounted.setState = setStateValue;
    mounted.take(data);
  });
  return () => {
    place.ended = true;
    const mounted = LABS.get(parentElement);
    studio.waiting.delete(mounted?.again); // weights that come too late must not start anything
    mounted?.lab.end();
    LABS.delete(parentElement);
  };
}
