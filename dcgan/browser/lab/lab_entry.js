// What a page gets of the laboratory.
export { Lab } from "./lab.js";
export { fromParams, toParams } from "../latent/views.js";
