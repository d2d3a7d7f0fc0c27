// Drags keyframes to other places of their row, by mouse or finger. The nodes stay where they are in the page until the
// hand lets go, and only change their `order`: one that is moved in the page would lose the hand.

const HOLD_MS = 250; // of a finger on a picture until it drags; before that the finger scrolls the page
const GRIP_PX = 4; // that a mouse moves until it drags

export class Reorder {
  // host: cards, a list of { node, face }; move(card, place) while a hand is at it; dropped() when it lets go
  constructor(row, host) {
    Object.assign(this, { row, host });
  }

  listen(card) {
    const on = (type, act, options) => card.face.addEventListener(type, act, options);
    on("pointerdown", (event) => {
      if (event.button) return;
      this.dragged = false;
      const grab = (this.grab = { card, x: event.clientX, y: event.clientY, ready: event.pointerType !== "touch" });
      if (!grab.ready) grab.timer = setTimeout(() => this.lift(grab), HOLD_MS);
    });
    on("pointermove", (event) => {
      const { grab } = this;
      if (grab?.card !== card) return;
      const far = Math.hypot(event.clientX - grab.x, event.clientY - grab.y);
      if (!grab.ready) return far > 2 * GRIP_PX && this.drop();
      if (!this.dragged && far < GRIP_PX) return;
      if (!this.dragged) card.face.setPointerCapture(event.pointerId);
      this.lift(grab);
      this.dragged = true;
      this.dragTo(event.clientX, event.clientY);
    });
    on("touchmove", (event) => this.grab?.ready && event.cancelable && event.preventDefault(), { passive: false });
    on("contextmenu", (event) => this.grab?.ready && event.preventDefault());
    for (const type of ["pointerup", "pointercancel"]) on(type, () => this.grab?.card === card && this.drop());
    card.node.addEventListener("dragstart", (event) => event.preventDefault());
  }

  lift(grab) {
    if (grab !== this.grab) return;
    grab.ready = true;
    grab.card.node.classList.add("held");
  }

  dragTo(x, y) {
    const { grab } = this, { node } = grab.card, row = this.row.getBoundingClientRect();
    grab.left ??= node.offsetLeft - (grab.x - row.left);
    grab.top ??= node.offsetTop - (grab.y - row.top);
    const [atX, atY] = [x - row.left, y - row.top];
    const under = this.host.cards.findIndex(({ node: { offsetLeft, offsetTop, offsetWidth, offsetHeight } }) =>
      atX >= offsetLeft && atX < offsetLeft + offsetWidth && atY >= offsetTop && atY < offsetTop + offsetHeight);
    if (under >= 0 && this.host.cards[under] !== grab.card) this.host.move(grab.card, under);
    node.style.transform = `translate(${atX + grab.left - node.offsetLeft}px, ${atY + grab.top - node.offsetTop}px) scale(1.04)`;
  }

  drop() {
    clearTimeout(this.grab.timer);
    const { node } = this.grab.card;
    node.classList.remove("held");
    node.style.transform = "";
    this.grab = null;
    if (!this.dragged) return;
    setTimeout(() => (this.dragged = false)); // after the click that ends a mouse's drag
    this.host.dropped();
  }
}
