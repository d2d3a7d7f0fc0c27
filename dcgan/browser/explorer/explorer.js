// The laboratory and the morphs on a page of their own: what is shown lives behind the # of the address.

import { recipeOf, signed } from "./signed.js";
import { Learned } from "./training_sheet.js";
import { Lab } from "../lab/lab.js";
import { fromParams, startFrom, toParams } from "../latent/views.js";
import { Corners } from "../morph/corners.js";
import { Morph } from "../morph/morph.js";

const startOf = JSON.parse(document.getElementById("start").textContent);
const weightsOf = document.getElementById("weights");
const fileOf = Uint8Array.from(atob(weightsOf.textContent), (c) => c.charCodeAt(0));
weightsOf.remove();

const ROOMS = { explore: "Explore", morph: "Interpolate", corners: "Four corners" };
const place = document.getElementById("lab"), doors = document.getElementById("rooms");
const hash = () => Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
const known = {}; // what each room showed last, as parameters
let room = null, morphs = null;

function tell(params) {
  known[room] = params;
  history.replaceState(null, "", `#${new URLSearchParams(room === "explore" ? params : { room, ...params })}`);
}

const lab = new Lab(place, { commit: ({ params }) => params && tell(params), save: `${startOf.facts.run}.png` });

function enter(name) {
  if (name === room) return;
  room = name;
  morphs?.end();
  morphs = null;
  lab.walk.set(false);
  lab.root.hidden = room !== "explore";
  for (const door of doors.children) door.setAttribute("aria-pressed", door.dataset.room === room);
  if (room === "explore") return;
  morphs = new { morph: Morph, corners: Corners }[room](place, { commit: (message) => tell(message[room]) });
  morphs.setFacts({ directions: startOf.facts.axes?.directions });
  morphs.setFavourites(lab.favourites.kept.map(({ params }) => params));
  if (known[room]) morphs.setParams(known[room]);
  morphs.setModel(fileOf);
}

function arrive() {
  const { room: wanted, ...params } = hash();
  const name = wanted in ROOMS ? wanted : "explore";
  if (name !== "explore") known[name] = params;
  enter(name);
  if (name === "explore") lab.setView(fromParams(params.seed ? params : startOf.params));
  else morphs.setParams(params);
}

for (const [name, label] of Object.entries(ROOMS)) {
  const door = doors.appendChild(document.createElement("button"));
  [door.type, door.textContent, door.dataset.room] = ["button", label, name];
  door.addEventListener("click", () => {
    enter(name);
    tell(known[name] ?? (name === "explore" ? toParams(lab.view) : morphs.committed));
  });
}
lab.setFacts(startOf.facts);
if (!hash().seed) lab.setView(fromParams(startOf.params));
arrive();
lab.setModel(fileOf);

const save = lab.root.querySelector(".save"); // the laboratory has set its address when this is called
save.addEventListener("click", () => (save.href = signed(save.href, recipeOf(startOf.origin, lab.view, lab.directions, lab.header))));

if (startOf.learned)
  new Learned(document.getElementById("learned"), startOf.learned, (seed) => {
    enter("explore");
    lab.settle(startFrom(lab.view, seed));
    document.getElementById("lab").scrollIntoView({ block: "nearest" });
  });
addEventListener("hashchange", arrive);
