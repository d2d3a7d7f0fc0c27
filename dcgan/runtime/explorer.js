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
addEventListener("hashchange", () => lab.setView(fromParams(hash())));
