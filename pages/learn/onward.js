// Whoever goes on at the foot of a part begins the next one at its top, on no button: Enter would go on once more.
const NEXT = ".st-key-learn-next-part";
let shown = null, left = null; // the part that is drawn; the one that somebody goes on from

addEventListener("click", ({ target }) => target.closest?.(NEXT) && (left = shown), { capture: true });

export default function ({ data }) {
  shown = data.part;
  if (left === null || left === shown) return;
  left = null;
  const main = document.querySelector("[data-testid=stMain]");
  main.scrollTo(0, 0);
  const title = main.querySelector("h1");
  [title.tabIndex, title.style.outline] = [-1, "none"];
  title.focus({ preventScroll: true });
}
