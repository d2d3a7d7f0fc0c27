// A small chart: how much the picture changes on the way from each frame to the next. An even pace is a level line.

export class Change {
  constructor(parent) {
    parent.innerHTML = `
      <div class="head"><span>Change of the picture per frame: an even pace is level</span><output data-testid="change-range"></output></div>
      <div class="plot"><svg preserveAspectRatio="none" role="img"><path class="area"/><path class="plain" vector-effect="non-scaling-stroke"/><path class="line" vector-effect="non-scaling-stroke"/></svg><i></i></div>`;
    [this.svg, this.area, this.plain, this.line, this.range] = ["svg", ".area", ".plain", ".line", "output"].map((name) => parent.querySelector(name));
    this.root = parent;
  }

  // while they are worked out
  wait(share) {
    this.root.classList.add("waits");
    this.range.textContent = `looking along the way … ${Math.round(100 * share)} %`;
  }

  // changes: grey levels per frame; plain: those without re-timing, to compare
  show(changes, plain) {
    this.root.classList.remove("waits");
    const [low, high] = [Math.min(...changes), Math.max(...changes)];
    const top = 1.15 * Math.max(high, ...plain) || 1, n = changes.length;
    const path = (levels) => levels.map((change, i) => `${i} ${(100 * (1 - change / top)).toFixed(1)}`).join("L");
    const points = path(changes);
    this.plain.setAttribute("d", `M${path(plain)}`);
    this.svg.setAttribute("viewBox", `0 0 ${Math.max(1, n - 1)} 100`);
    this.line.setAttribute("d", `M${points}`);
    this.area.setAttribute("d", `M0 100L${points}L${n - 1} 100z`);
    const range = [...new Set([low, high].map((level) => level.toFixed(1)))].join(" to ");
    const words = `${range} of 255 grey levels`;
    [this.range.textContent, this.range.title] = [words, "Root mean square over the picture; dashed: the spherical pace without re-timing"];
    this.svg.setAttribute("aria-label", `Change of the picture per frame: ${words}`);
  }
}
