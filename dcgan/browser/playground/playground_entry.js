// What a page gets of the playground.
export { Playground } from "./desk.js";
