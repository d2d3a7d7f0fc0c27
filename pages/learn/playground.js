// Puts the playground on the page; what a person changes goes to Python when the hand lets go.
const MOUNTED = new WeakMap();

class Mounted {
  constructor(parent, sent) {
    this.sent = sent; // messages so far in this visit; Python echoes the last it has read
    this.playground = new PROVIDES.Playground(parent, { commit: (game) => this.setState("message", { game, seq: ++this.sent }) });
  }

  take({ game, seq }) {
    if (seq < this.sent) return; // newer changes of ours are on their way
    if (game && game !== this.playground.committed) this.playground.setText(game);
  }
}

export default function ({ parentElement, data, setStateValue }) {
  if (!MOUNTED.has(parentElement)) MOUNTED.set(parentElement, new Mounted(parentElement, data.seq));
  const mounted = MOUNTED.get(parentElement);
  mounted.setState = setStateValue;
  mounted.take(data);
  return () => {
    MOUNTED.get(parentElement)?.playground.end();
    MOUNTED.delete(parentElement);
  };
}
