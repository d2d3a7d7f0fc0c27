// The game in its worker, as the page sees it: one question at a time while it plays, and only answers to the newest
// game count.

export class GamePlayer {
  // seen({ now, parts }) hears of every answer; failed() where a page may have no worker
  constructor(seen, failed) {
    Object.assign(this, { seen, asked: 0, first: 0, waiting: 0 });
    try {
      const url = URL.createObjectURL(new Blob([GAME_WORKER], { type: "text/javascript" }));
      this.worker = new Worker(url);
      URL.revokeObjectURL(url);
    } catch {
      return void failed();
    }
    this.worker.onerror = failed;
    this.worker.onmessage = ({ data }) => {
      this.waiting -= 1;
      if (data.number >= this.first) seen(data);
    };
  }

  start(settings) {
    this.first = this.asked + 1;
    this.ask({ start: settings });
  }

  ask(message) {
    this.waiting += 1;
    this.asked += 1;
    this.worker?.postMessage({ ...message, number: this.asked });
  }

  end() {
    this.worker?.terminate();
  }
}
