// What can be set in the playground, its named games, and both as text for an address.

import { DISTRIBUTIONS } from "./distributions.js";
import { LOSSES } from "./game_losses.js";

const RATES = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1];

export const CHOICES = {
  real: DISTRIBUTIONS,
  loss: Object.keys(LOSSES),
  z: [1, 2],
  rateG: RATES,
  rateD: RATES,
  stepsD: [1, 2, 3, 4, 5, 6, 8, 10],
  batch: [8, 16, 32, 64, 128, 256],
};
export const AFRESH = ["seed", "z"]; // whose change starts the game anew
const MOST_SEED = 999_999;
export const MOST_DRAWN = 160; // points drawn by hand

const PLAIN = { seed: 1, real: "ring", drawn: [], loss: "bce", z: 2, rateG: 0.005, rateD: 0.005, stepsD: 1, batch: 64 };

// each: its title, how it differs, what to watch, what to try
export const GAMES = {
  healthy: {
    title: "Healthy game",
    set: {},
    watch: "The fakes spread and find all eight heaps. Both losses stay not far from 1.39 and 0.69, where D could only guess.",
    hint: "Choose the spiral while it plays: G lets go of the ring and follows.",
  },
  collapse: {
    title: "Collapse",
    set: { rateG: 0.05, rateD: 0.02, batch: 32 },
    watch: "G outruns D: nearly all fakes pile up on one or two heaps, and jump to others as soon as D has caught up.",
    hint: "Lower both rates to 0.005: the fakes spread over the ring again.",
  },
  oscillation: {
    title: "Oscillation",
    set: { real: "two", loss: "wasserstein", z: 1, rateG: 0.02, rateD: 0.005 },
    watch: "The whole cloud swings from side to side and stays nowhere: each time it arrives, D has turned round.",
    hint: "Lower G's rate to 0.002: D keeps up, and the cloud divides between both heaps.",
  },
  wins: {
    title: "D wins",
    set: { rateG: 0.0001, rateD: 0.02, stepsD: 5, batch: 32 },
    watch: "D is right on nearly all points: its loss stays below 0.5, G's climbs past 5, and the fakes stray without filling the ring.",
    hint: "Give D 1 step and both the rate 0.005, then restart: the ring fills.",
  },
};

export const settingsOf = (name) => ({ ...PLAIN, ...GAMES[name].set });

const SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"; // one for each 64th of the plane
const EDGE = 1.2;
const sign = (x) => SIGNS[Math.max(0, Math.min(63, Math.round((63 * (x / EDGE + 1)) / 2)))];
const unsign = (letter) => EDGE * ((2 * SIGNS.indexOf(letter)) / 63 - 1);

// "collapse", then what was changed: "collapse;rateG:0.005;seed:7"
export function gameText({ name, settings }) {
  const plain = settingsOf(name);
  const changes = Object.keys(plain).filter((key) => key !== "drawn" && settings[key] !== plain[key]).map((key) => `${key}:${settings[key]}`);
  if (settings.drawn.length) changes.push(`drawn:${settings.drawn.flat().map(sign).join("")}`);
  return [name, ...changes].join(";");
}

// what can't be meant counts as not said
export function gameFrom(text) {
  const [named, ...changes] = String(text).split(";");
  const name = Object.hasOwn(GAMES, named) ? named : "healthy", settings = settingsOf(name);
  for (const change of changes) {
    const [key, value] = change.split(":"), choices = Object.hasOwn(CHOICES, key) ? CHOICES[key] : [];
    const meant = choices.find((choice) => String(choice) === value);
    if (meant !== undefined) settings[key] = meant;
    else if (key === "seed" && /^\d{1,6}$/.test(value)) settings.seed = Number(value);
    else if (key === "drawn" && /^[\w-]+$/.test(value)) {
      const places = [...value.slice(0, 2 * MOST_DRAWN)].map(unsign);
      settings.drawn = places.slice(0, places.length >> 1).map((_, i) => [places[2 * i], places[2 * i + 1]]);
    }
  }
  return { name, settings };
}

export const anySeed = () => Math.floor(Math.random() * (MOST_SEED + 1));
