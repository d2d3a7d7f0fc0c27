// A button for a file, and the whole window as a place to drop one; Python gets its name and its bytes.
const PLACES = new WeakMap();
const MARKUP = `
<button class="open" type="button" title="Brings back the view of a picture that was saved here: run, step, seed, sliders. Or drop the picture anywhere on this page.">
  <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M2 3h4l1.5 2H14v8H2zm6 3.5v2H6.2L8.5 11.5 10.8 8.5H9v-2z" fill-rule="evenodd"/></svg>Open a picture</button>
<input type="file" accept="image/png,image/gif,image/webp" aria-label="Open a picture" data-testid="open-picture" tabindex="-1">
<div class="veil" hidden><p>Drop the picture<br><small>and its view comes back</small></p></div>`;

class Place {
  constructor(parent) {
    this.root = document.createElement("div");
    this.root.innerHTML = MARKUP;
    parent.appendChild(this.root);
    const [button, input] = [this.root.querySelector("button"), this.root.querySelector("input")];
    this.veil = this.root.querySelector(".veil");
    button.addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      this.take(input.files[0]);
      input.value = ""; // so that the same file can be chosen again
    });
    this.listeners = {
      dragover: (event) => this.over(event),
      dragleave: (event) => event.relatedTarget || this.hide(),
      drop: (event) => this.dropped(event),
      keydown: ({ key }) => key === "Escape" && this.hide(),
    };
    for (const [type, act] of Object.entries(this.listeners)) addEventListener(type, act);
  }

  // files only, and only where no other field on the page wants them
  over(event) {
    const ours = event.dataTransfer?.types.includes("Files") && !event.defaultPrevented;
    if (ours) {
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
    }
    this.veil.hidden = !ours;
  }

  dropped(event) {
    this.hide();
    const file = event.dataTransfer?.files[0];
    if (!file || event.defaultPrevented) return;
    event.preventDefault(); // or the browser would leave the page for the picture
    this.take(file);
  }

  hide() {
    this.veil.hidden = true;
  }

  take(file) {
    if (!file) return;
    if (file.size > this.most) return this.send({ name: file.name, data: "", large: true });
    const reader = new FileReader();
    reader.onload = () => this.send({ name: file.name, data: reader.result.slice(reader.result.indexOf(",") + 1) });
    reader.onerror = () => this.send({ name: file.name, data: "" }); // a folder, or a file that has gone
    reader.readAsDataURL(file);
  }

  end() {
    for (const [type, act] of Object.entries(this.listeners)) removeEventListener(type, act);
    this.root.remove();
  }
}

export default function ({ parentElement, data, setTriggerValue }) {
  if (!PLACES.has(parentElement)) PLACES.set(parentElement, new Place(parentElement));
  const place = PLACES.get(parentElement);
  place.most = data.most;
  place.send = (picture) => setTriggerValue("picture", { ...picture, number: Date.now() }); // each is taken once
  return () => {
    place.end();
    PLACES.delete(parentElement);
  };
}
