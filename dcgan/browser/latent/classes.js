// Classes of a model that knows them: which one a view shows, and where it lies in latent space.

import { givenZ } from "./codes.js";

// The class that a seed shows unless another is asked for, as dcgan/latent/class_centres.py has it.
const TURN = 2654435769;
function labelOfSeed(seed, shares) {
  const place = (Math.imul(seed, TURN) >>> 0) / 2 ** 32;
  let sum = 0;
  const label = shares.findIndex((share) => place < (sum += share));
  return label < 0 ? shares.length - 1 : label;
}

// Which class a view shows, and which share of the way it is toward another; null where there are no classes, and for a
// z that was given, which has been moved already. Classes that the model lacks don't count.
export function classOf(view, header) {
  if (!header.classes || givenZ(view, header)) return null;
  const { shares } = header.classes;
  const known = (label, otherwise) => (label !== null && label < shares.length ? label : otherwise);
  const label = known(view.label, labelOfSeed(view.seed, shares)), toward = known(view.toward, label);
  return { label, toward, share: toward === label ? 0 : view.share };
}

// A z of the prior, moved to where its class is
export function placed(z, view, header) {
  const found = classOf(view, header);
  if (!found) return z;
  const { label, toward, share } = found, { centres } = header.classes;
  return z.map((x, i) => x + Math.fround(centres[label][i] + share * (centres[toward][i] - centres[label][i])));
}

// The class of a view in words, as in "Sneaker 70 % \u2013 Bag 30 %"; empty where it has none.
export function classWords(view, header) {
  const found = classOf(view, header);
  if (!found) return "";
  const { label, toward, share } = found, { names } = header.classes, percent = (x) => `${Math.round(100 * x)} %`;
  return share ? `${names[label]} ${percent(1 - share)} \u2013 ${names[toward]} ${percent(share)}` : names[label];
}
