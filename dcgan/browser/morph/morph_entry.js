// What a page gets of the morphs.
export { Corners } from "./corners.js";
export { Morph } from "./morph.js";
export { morphParams } from "../latent/morphs.js";
