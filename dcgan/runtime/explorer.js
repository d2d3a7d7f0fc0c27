// The laboratory on a page of its own: the view lives behind the # of the address.
const startOf = JSON.parse(document.getElementById("start").textContent);
const weightsOf = document.getElementById("weights");
const fileOf = Uint8Array.from(atob(weightsOf.textContent), (c) => c.charCodeAt(0));
weightsOf.remove();

const hash = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
const lab = new Lab(document.getElementById("lab"), {
  commit({ params }) {
    if (params) history.replaceState(null, "", `#${new URLSearchParams(params)}`);
  },
  save: `${startOf.facts.run}.png`,
});
lab.setFacts(startOf.facts);
lab.setView(fromParams(hash().seed ? hash() : startOf.params));
lab.setModel(fileOf);

const save = lab.root.querySelector(".save"); // the laboratory has set its address when this is called
save.addEventListener("click", () => (save.href = signed(save.href, recipeOf(startOf.origin, lab.view, lab.directions))));

if (startOf.learned)
  new Learned(document.getElementById("learned"), startOf.learned, (seed) => {
    lab.settle(startFrom(lab.view, seed));
    document.getElementById("lab").scrollIntoView({ block: "nearest" });
  });
addEventListener("hashchange", () => lab.setView(fromParams(hash())));
