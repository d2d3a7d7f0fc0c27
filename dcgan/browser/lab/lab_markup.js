// What the laboratory consists of on a page: the picture with its neighbours, and a desk of controls.

import { icon } from "../controls/icons.js";
import { MAX_SEED } from "../latent/views.js";

export const MARKUP = `
<section class="stage">
  <canvas class="picture" data-testid="latent-canvas" data-frame="0" role="img" width="1" height="1"></canvas>
  <div class="bar film" hidden>
    <button class="icon film-play" type="button"></button>
    <label class="grow"><span>Training <output class="film-out"></output></span>
      <input class="film-at" type="range" min="0" step="1" aria-label="Moment of training" data-testid="latent-film"></label>
  </div>
  <div class="bar">
    <label class="grow" title="How far the neighbours are from the picture, each in a direction of its own. At 100 % they are as different as pictures of unrelated seeds.">
      <span>Neighbours: click one to go there <output class="distance-out"></output></span>
      <input class="distance" type="range" min="5" max="100" step="5" aria-label="Distance of the neighbours, percent" data-testid="latent-distance">
    </label>
    <button class="others" type="button" title="Neighbours in other directions">${icon("dice")}Others</button>
    <button class="back" type="button" title="Back to where you were before the last neighbour">Back</button>
  </div>
  <div class="tiles"></div>
</section>
<section class="desk">
  <div class="bar">
    <label class="seed" title="Fixes the z that the picture starts from: the same seed gives the same picture, here and in the terminal.">
      <span>Seed</span><input class="seed-number" type="number" min="0" max="${MAX_SEED}" step="1" inputmode="numeric" placeholder="own z" data-testid="latent-seed">
    </label>
    <div class="wheel" role="slider" tabindex="0" aria-label="Seed wheel" aria-valuemin="0" aria-valuemax="${MAX_SEED}" title="Turn it: drag, scroll, or use the arrow keys" data-testid="latent-wheel"></div>
    <button class="primary randomize" type="button" title="Another seed; locked sliders stay">Randomize</button>
    <button class="icon undo" type="button" aria-label="Undo" title="Undo (Ctrl+Z)">${icon("undo")}</button>
    <button class="icon redo" type="button" aria-label="Redo" title="Redo (Ctrl+Shift+Z)">${icon("redo")}</button>
  </div>
  <div class="classes" hidden>
    <div class="bar">
      <label class="choice" title="Which class the picture shows; any: the one that the seed has by itself"><span>Class</span>
        <select class="class-first" data-testid="latent-class"></select></label>
      <label class="grow" title="How far the picture is on the way to the second class. Double click: not at all."><span class="mix"></span>
        <input class="class-share" type="range" min="0" max="1" step="0.01" aria-label="Share of the second class" data-testid="latent-share"></label>
      <label class="choice" title="A second class to mix it with"><span>Mix with</span>
        <select class="class-second" data-testid="latent-toward"></select></label>
    </div>
    <div class="same" role="group" aria-label="The same z in each class"></div>
  </div>
  <div class="kinds" role="group" aria-label="What the sliders act on" hidden></div>
  <p class="caption"></p>
  <div class="sliders"></div>
  <div class="bar">
    <button class="reset" type="button" title="Puts every slider that isn't locked back to where the seed has it"></button>
    <button class="next" type="button"></button>
    <button class="measure" type="button" title="The model has learned on since its sliders were chosen" hidden>Measure again</button>
    <label class="grow" title="Multiplies z. Below 1: more typical pictures, less variety; 0 is the middle of everything. Above 1: bolder, and sooner broken.">
      <span>Truncation <output class="truncation-out"></output></span>
      <input class="truncation" type="range" min="0" max="2" step="0.05" aria-label="Truncation" data-testid="latent-truncation">
    </label>
  </div>
  <div class="bar shelf">
    <button class="keep" type="button" title="Puts this picture among your favourites, for as long as this tab is open">${icon("keep")}Keep</button>
    <button class="walk" type="button" title="Goes from favourite to favourite, or from seed to seed while there are fewer than two"></button>
    <button class="film-open" type="button" title="Watch this very picture being learned: through the kept steps at one z" hidden>Film</button>
    <a class="save" href="#" title="The picture as it is, in its own size" hidden>PNG</a>
    <div class="favourites" role="list" aria-label="Favourites"></div>
  </div>
</section>`;
