// One step in five phases: what of it is seen, and one sentence on each, with the numbers of this very step.

import { latticeOf, placesOfZ } from "./lattice.js";

export const PHASES = ["z", "Fakes", "Verdict", "D learns", "G learns"];

const mix = (a, b, share) => a.map((value, i) => value + share * (b[i] - value));
const moves = ([before, after]) => `from ${before.toFixed(3)} to ${after.toFixed(3)}`;

// The scene of a phase for plane.js; share, from 0 to 1, is how much of it has passed. parts: of GameView.slowStep
export function phaseScene(phase, parts, share, { z }) {
  const { fakes, real, lattice, field, arrows } = parts, eased = share * share * (3 - 2 * share);
  if (phase < 2) {
    const [flat, start] = [placesOfZ(latticeOf(z), z), placesOfZ(parts.z, z)], bend = phase ? eased : 0;
    const shares = phase ? { lattice: 0.75 } : { fakes: eased, lattice: 0.75 };
    return { z, lattice: mix(flat, lattice, bend), fakes: mix(start, fakes, bend), shares };
  }
  const shares = { lattice: 0.3 }, scene = { z, real, fakes, lattice, field, shares };
  if (phase === 2) return { ...scene, shares: { ...shares, field: eased, real: eased } };
  if (phase === 3) return { ...scene, field: mix(field, parts.fieldAfter, eased) };
  const gone = Math.max(0, 2 * eased - 1); // first the arrows are seen, then the fakes go
  return {
    ...scene, field: parts.fieldAfter, arrows, from: fakes, fakes: mix(fakes, parts.fakesAfter, gone),
    lattice: mix(lattice, parts.latticeAfter, gone), shares: { lattice: 0.5, arrows: Math.min(1, 3 * eased) },
  };
}

export function phaseSentence(phase, parts, { batch, z, loss, stepsD }) {
  if (phase === 0)
    return `${batch} new z are drawn at random, ${z === 1 ? "one number" : "two numbers"} each: all that G is given. Each cell of the grid gets as many of them.`;
  if (phase === 1) return "G moves every z to a place in the plane, and bends the grid with it. These places are the fakes.";
  if (phase === 2) return `D says of every place how real it looks, blue for real: ${verdictWords(parts.says, loss)}.`;
  if (phase === 3) {
    const times = stepsD > 1 ? ` It has learnt ${stepsD - 1} times from other points before, as this game asks.` : "";
    return `D learns from these points: its loss on them goes ${moves(parts.lossD)}, and its border moves.${times}`;
  }
  const far = parts.fakes.reduce((sum, _, i) => (i % 2 ? sum + Math.hypot(...[i - 1, i].map((at) => parts.fakesAfter[at] - parts.fakes[at])) : sum), 0);
  return `An arrow shows where its fake should go to look more real. G can't move them one by one, only change its weights: they move ${((2 * far) / parts.fakes.length).toFixed(3)} on average, and its loss goes ${moves(parts.lossG)}.`;
}

export function verdictWords([real, fake], loss) {
  const word = (value) => (loss === "bce" ? `${Math.round(100 * value)} %` : value.toFixed(2));
  return loss === "bce"
    ? `it believes real points ${word(real)} and fakes ${word(fake)}`
    : `it gives real points ${word(real)} and fakes ${word(fake)} on average`;
}
