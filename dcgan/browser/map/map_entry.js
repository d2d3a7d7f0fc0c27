// What a page gets of the map.
export { SampleMap } from "./sample_map.js";
