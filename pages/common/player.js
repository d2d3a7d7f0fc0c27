// Plays a sheet of frames on a canvas. The player is made once per element; new data only changes what it plays.
const PLAYERS = new WeakMap();
const PLAY = '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M4 2l10 6-10 6z"/></svg>';
const PAUSE = '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3 2h4v12H3zM9 2h4v12H9z"/></svg>';
const SPEEDS = [0.25, 0.5, 1, 2];

class Player {
  constructor(parent) {
    this.position = 0; // in frames, with fractions: time goes on between two frames
    this.painted = -1;
    this.speed = 1;
    this.ticket = 0;
    this.playing = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.root = document.createElement("div");
    this.root.className = "player";
    this.root.tabIndex = 0;
    this.root.setAttribute("role", "group");
    this.root.innerHTML = `
      <canvas data-testid="player-canvas" role="img"></canvas>
      <div class="bar">
        <button type="button" data-testid="player-play"></button>
        <input type="range" min="0" step="1" value="0" aria-label="Frame" data-testid="player-scrub">
        <output data-testid="player-frame"></output>
        <select aria-label="Speed" title="Speed" data-testid="player-speed">
          ${SPEEDS.map((s) => `<option value="${s}"${s === 1 ? " selected" : ""}>${s}×</option>`).join("")}
        </select>
      </div>`;
    parent.appendChild(this.root);
    const find = (name) => this.root.querySelector(name);
    [this.canvas, this.button, this.scrub, this.counter, this.select] = ["canvas", "button", "input", "output", "select"].map(find);

    this.button.addEventListener("click", () => this.setPlaying(!this.playing));
    this.canvas.addEventListener("click", () => this.setPlaying(!this.playing));
    this.select.addEventListener("change", () => (this.speed = Number(this.select.value)));
    this.scrub.addEventListener("input", () => {
      this.setPlaying(false);
      this.position = Number(this.scrub.value);
      this.paint();
    });
    this.root.addEventListener("keydown", (event) => {
      if (event.key !== " " || event.target === this.select) return;
      event.preventDefault(); // no scrolling, and no second press of the focused button
      if (!event.repeat) this.setPlaying(!this.playing);
    });
    this.root.addEventListener("keyup", (event) => event.key === " " && event.target === this.button && event.preventDefault());
    this.setPlaying(this.playing);
  }

  async load({ header, png }) {
    this.fps = header.fps;
    this.canvas.setAttribute("aria-label", header.label);
    this.root.setAttribute("aria-label", `Player: ${header.label}`);
    if (header.identity === this.identity) return;
    this.identity = header.identity;
    const ticket = ++this.ticket;
    const sheet = await createImageBitmap(png);
    if (ticket !== this.ticket) return sheet.close(); // newer frames are on their way
    this.sheet?.close();
    if (this.header) this.position *= header.count / this.header.count; // stay at the same part of the walk
    [this.sheet, this.header, this.painted] = [sheet, header, -1];
    this.position %= header.count;
    this.canvas.width = header.width;
    this.canvas.height = header.height;
    this.scrub.max = header.count - 1;
    this.paint();
  }

  setPlaying(playing) {
    this.playing = playing;
    this.button.innerHTML = playing ? PAUSE : PLAY;
    this.button.setAttribute("aria-label", playing ? "Pause" : "Play");
    this.button.title = playing ? "Pause (space)" : "Play (space)";
    cancelAnimationFrame(this.request);
    this.last = undefined;
    if (playing) this.request = requestAnimationFrame((now) => this.tick(now));
  }

  tick(now) {
    if (this.sheet && this.last !== undefined) {
      const seconds = Math.min((now - this.last) / 1000, 0.25); // a tab in the background does not catch up
      this.position = (this.position + seconds * this.fps * this.speed) % this.header.count;
      this.paint();
    }
    this.last = now;
    this.request = requestAnimationFrame((next) => this.tick(next));
  }

  paint() {
    const frame = Math.floor(this.position);
    if (!this.sheet || frame === this.painted) return;
    const { width, height, columns, count } = this.header;
    const [x, y] = [(frame % columns) * width, Math.floor(frame / columns) * height];
    this.canvas.getContext("2d").drawImage(this.sheet, x, y, width, height, 0, 0, width, height);
    this.canvas.dataset.frame = frame;
    this.scrub.value = frame;
    this.scrub.style.setProperty("--done", `${(100 * frame) / Math.max(1, count - 1)}%`);
    this.counter.textContent = `${frame + 1} / ${count}`;
    this.painted = frame;
  }

  end() {
    cancelAnimationFrame(this.request);
    this.sheet?.close();
    this.root.remove();
  }
}

export default function ({ parentElement, data }) {
  if (!PLAYERS.has(parentElement)) PLAYERS.set(parentElement, new Player(parentElement));
  PLAYERS.get(parentElement).load(unpack(data));
  return () => {
    PLAYERS.get(parentElement)?.end();
    PLAYERS.delete(parentElement);
  };
}
