// Plays a position through frames, with fractions between two of them: time goes on smoothly whatever the frame rate.

import { icon } from "./icons.js";

const SPEEDS = [0.25, 0.5, 1, 2];
const MAX_STEP_S = 0.25; // a tab in the background does not catch up

export class Player {
  // see(position) shows a moment
  constructor(parent, see) {
    Object.assign(this, { see, position: 0, speed: 1, count: 1, fps: 18 });
    parent.innerHTML = `
      <div class="bar">
        <button class="icon play" type="button" data-testid="player-play"></button>
        <input type="range" min="0" step="1" value="0" aria-label="Frame" data-testid="player-scrub">
        <output data-testid="player-frame"></output>
        <select aria-label="Speed of the player" title="Speed of the player; the files keep their frames per second" data-testid="player-speed">
          ${SPEEDS.map((s) => `<option value="${s}"${s === 1 ? " selected" : ""}>${s}×</option>`).join("")}
        </select>
      </div>
      <div class="strip" title="Click or drag: go to a moment" data-testid="filmstrip"><canvas></canvas><i></i></div>`;
    [this.button, this.scrub, this.counter, this.select, this.strip, this.film] = [
      "button", "input", "output", "select", ".strip", ".strip canvas",
    ].map((name) => parent.querySelector(name));
    this.button.addEventListener("click", () => this.play(!this.playing));
    this.select.addEventListener("change", () => (this.speed = Number(this.select.value)));
    this.scrub.addEventListener("input", () => this.seek(Number(this.scrub.value)));
    const point = (event) => {
      const { left, width } = this.strip.getBoundingClientRect();
      this.seek(Math.min(1, Math.max(0, (event.clientX - left) / width)) * (this.count - 1));
    };
    this.strip.addEventListener("pointerdown", (event) => {
      this.strip.setPointerCapture(event.pointerId);
      point(event);
    });
    this.strip.addEventListener("pointermove", (event) => this.strip.hasPointerCapture(event.pointerId) && point(event));
    this.play(!matchMedia("(prefers-reduced-motion: reduce)").matches);
  }

  // a film of other length or speed: the same part of it stays in view
  setLength(count, fps) {
    this.position = Math.min((this.position * count) / this.count, count - 1e-6);
    Object.assign(this, { count, fps });
    this.scrub.max = count - 1;
    this.show();
  }

  seek(position) {
    this.play(false);
    this.position = position;
    this.show();
  }

  play(playing) {
    this.playing = playing;
    this.button.innerHTML = icon(playing ? "pause" : "play");
    this.button.setAttribute("aria-label", playing ? "Pause" : "Play");
    this.button.title = playing ? "Pause (space)" : "Play (space)";
    cancelAnimationFrame(this.request);
    let last;
    const tick = (now) => {
      this.request = requestAnimationFrame(tick);
      if (last !== undefined) {
        const seconds = Math.min((now - last) / 1000, MAX_STEP_S);
        this.position = (this.position + seconds * this.fps * this.speed) % this.count;
        this.show();
      }
      last = now;
    };
    if (playing) this.request = requestAnimationFrame(tick);
  }

  show() {
    const frame = Math.min(Math.floor(this.position), this.count - 1);
    const share = `${(100 * Math.min(this.position, this.count - 1)) / Math.max(1, this.count - 1)}%`;
    this.scrub.style.setProperty("--at", share);
    this.strip.style.setProperty("--at", share);
    if (Number(this.scrub.value) !== frame) this.scrub.value = frame;
    const words = `${frame + 1} / ${this.count}`;
    if (this.counter.textContent !== words) this.counter.textContent = words;
    this.see(this.position);
  }

  // small pictures of evenly picked moments in one row: list of { z, paint }, for zAt(position) -> z
  sketches(zAt, size) {
    const cells = matchMedia("(max-width: 640px)").matches ? 8 : 16;
    if (this.film.width !== cells * size) [this.film.width, this.film.height] = [cells * size, size];
    const pen = this.film.getContext("2d");
    return Array.from({ length: cells }, (_, i) => ({
      z: zAt((i / (cells - 1)) * (this.count - 1)),
      paint: (image) => pen.putImageData(image, i * size, 0),
    }));
  }

  end() {
    cancelAnimationFrame(this.request);
  }
}
