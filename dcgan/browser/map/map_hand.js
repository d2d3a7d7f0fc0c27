// What a hand does on a map: drag, pinch, turn a wheel, draw a line, point, click; and keys that do the same.

const CLICK_PX = 5; // pixels: what moves less was a click
const WHEEL_ZOOM = 0.0016, PINCH_ZOOM = 0.01; // of a turn's logarithm of zoom, for each pixel
const WHEEL_LINE_PX = 16; // of a wheel that counts lines
const MAP_KEY_ZOOM = 1.6, MAP_KEY_PAN = 0.18; // for each press; the latter of the canvas
const ARROW_WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class MapHand {
  // act: { camera(), drawsLine(), moved(), point(x, y) or point(null), click(x, y, isTouch), line(places, done) or
  // line(null), step([across, down]), enter(), mark(x, y) or mark(), clear() }; places are pixels of the canvas
  constructor(canvas, act) {
    Object.assign(this, { canvas, act, down: new Map(), line: null });
    const on = (type, hear) => canvas.addEventListener(type, hear, { passive: false });
    on("pointerdown", (event) => this.press(event));
    on("pointermove", (event) => this.move(event));
    on("pointerup", (event) => this.release(event));
    on("pointercancel", (event) => this.release(event, true));
    on("pointerleave", () => this.down.size || act.point(null));
    on("wheel", (event) => this.wheel(event));
    on("keydown", (event) => this.key(event));
  }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  press(event) {
    if (event.button) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.down.set(event.pointerId, this.at(event));
    this.still = this.down.size === 1;
    this.begin = this.at(event);
    const begun = this.line;
    this.line = this.still && (event.shiftKey || this.act.drawsLine()) ? [this.begin] : null;
    if (begun) this.act.line(null); // a second finger: no line was meant
  }

  move(event) {
    const at = this.at(event), before = this.down.get(event.pointerId);
    if (!before) {
      if (event.pointerType === "mouse") this.act.point(...at);
      return;
    }
    if (Math.hypot(at[0] - this.begin[0], at[1] - this.begin[1]) > CLICK_PX) this.still = false;
    if (this.still) return;
    const camera = this.act.camera();
    if (this.line) {
      this.line.push(at);
      this.act.line(this.line, false);
    } else if (this.down.size > 1) this.pinch(event.pointerId, at, camera);
    else camera.drag(at[0] - before[0], at[1] - before[1]);
    this.down.set(event.pointerId, at);
    this.act.moved();
  }

  // two fingers hold the places under them
  pinch(id, at, camera) {
    const [other] = [...this.down].filter(([key]) => key !== id).map(([, place]) => place), before = this.down.get(id);
    const apart = ([x, y]) => Math.hypot(x - other[0], y - other[1]) || 1;
    camera.drag((at[0] - before[0]) / 2, (at[1] - before[1]) / 2);
    camera.zoomAt(apart(at) / apart(before), (at[0] + other[0]) / 2, (at[1] + other[1]) / 2);
    camera.arrive();
  }

  release(event, cancelled = false) {
    if (!this.down.delete(event.pointerId)) return;
    const line = this.line;
    this.line = null;
    if (cancelled) return line && this.act.line(null);
    if (line && this.still) this.act.mark(...this.at(event));
    else if (line) this.act.line(line, true);
    else if (this.still) this.act.click(...this.at(event), event.pointerType === "touch");
  }

  wheel(event) {
    const camera = this.act.camera();
    if (event.deltaY > 0 && camera.atLeast()) return; // no farther away: the page scrolls on
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode ? WHEEL_LINE_PX : 1);
    camera.zoomAt(Math.exp(-pixels * (event.ctrlKey ? PINCH_ZOOM : WHEEL_ZOOM)), ...this.at(event));
    this.act.moved();
  }

  key(event) {
    const { act } = this, camera = act.camera(), arrow = ARROW_WAYS[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const zoom = (factor) => camera.zoomAt(factor, camera.width / 2, camera.height / 2);
    const far = (MAP_KEY_PAN * camera.width) / camera.to.scale;
    if (arrow && event.shiftKey) camera.goTo(camera.to.x + far * arrow[0], camera.to.y + far * arrow[1]);
    else if (arrow) act.step(arrow);
    else if (event.key === "+" || event.key === "=") zoom(MAP_KEY_ZOOM);
    else if (event.key === "-" || event.key === "_") zoom(1 / MAP_KEY_ZOOM);
    else if (event.key === "0" || event.key === "Home") camera.fit();
    else if (event.key === "Enter") act.enter();
    else if (event.key === " ") act.mark();
    else if (event.key === "Escape") act.clear();
    else return;
    event.preventDefault();
    act.moved();
  }
}
