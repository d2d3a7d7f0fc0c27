// What a map consists of on a page: the field with its tools, and at its side the sample pointed at, the line, and the
// classes.

import { icon } from "../controls/icons.js";

const mapIcon = (path) => `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${path}"/></svg>`;
const MINUS_ICON = mapIcon("M2.5 7.1h11v1.8h-11z");
const WHOLE_ICON = mapIcon("M2 2h4.500v1.700H3.700v2.800H2zM9.500 2H14v4.500h-1.700V3.700H9.500zM2 9.500h1.700v2.800h2.800V14H2zM12.300 9.500H14V14H9.500v-1.700h2.800z");
const LINE_ICON = `<svg viewBox="0 0 16 16" aria-hidden="true"><circle cx="3" cy="12.5" r="2"/><circle cx="13" cy="3.5" r="2"/><path d="M4.500 11C7.500 4.500 8.500 11.500 11.500 5" fill="none" stroke="currentColor" stroke-width="1.600"/></svg>`;

export const MAP_MARKUP = `
<div class="map-field">
  <canvas class="map-canvas" tabindex="0" role="application" aria-roledescription="map" data-testid="map-canvas"></canvas>
  <div class="map-tools" role="group" aria-label="Tools of the map">
    <button class="closer" type="button" aria-label="Closer" title="Closer (+, or the wheel)">${icon("plus")}</button>
    <button class="farther" type="button" aria-label="Farther" title="Farther (-)">${MINUS_ICON}</button>
    <button class="whole" type="button" aria-label="The whole map" title="The whole map (0)">${WHOLE_ICON}</button>
    <button class="line" type="button" aria-pressed="false" aria-label="Draw a line" title="Draw a line of samples to morph through (or hold Shift and drag)" data-testid="map-line">${LINE_ICON}</button>
  </div>
  <p class="map-hint"></p>
</div>
<aside class="map-side">
  <section class="map-card">
    <canvas width="1" height="1" role="img"></canvas>
    <div><p class="map-name"></p><button class="explore" type="button" data-testid="map-explore">Open in Explore</button></div>
  </section>
  <section class="map-path" hidden>
    <div class="map-keys" role="list" aria-label="Samples along the line"></div>
    <div class="map-bar"><button class="morph" type="button" data-testid="map-morph"></button><button class="clear" type="button">Clear</button></div>
  </section>
  <section class="map-legend" role="group" aria-label="Classes: press one to see it alone"></section>
</aside>
<p class="map-said" role="status"></p>`;
