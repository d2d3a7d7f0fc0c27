// What stands on the page of the playground before anything is drawn.

import { icon } from "../controls/icons.js";
import { GAMES } from "./game_settings.js";
import { groupMarkup, slidersMarkup } from "./knobs.js";
import { PHASES } from "./phases.js";

const STEPS_A_PICTURE = [1, 4, 16];

export const DESK_MARKUP = `
<section class="stage">
  <canvas class="plane" data-testid="playground-plane" data-frame="0" role="img" tabindex="0"></canvas>
  <p class="key"><span><i class="disc"></i>real points</span> <span><i class="diamond"></i>fakes on G's grid</span> <span title="Of each fake −dL/dx, L being G's loss; longer where it is steeper">→ where D leads them</span> <span><i class="patch"></i>D: real</span> <span><i class="patch fake"></i>D: fake</span></p>
  <div class="kinds phases" role="group" aria-label="Phases of the step" hidden>
    ${PHASES.map((name, i) => `<button type="button" data-phase="${i}">${i + 1} ${name}</button>`).join("")}
  </div>
  <p class="said" role="status" data-testid="playground-said"></p>
  <p class="facts" data-testid="playground-facts"></p>
  <div class="bar">
    <button class="primary play" type="button" data-testid="playground-play"></button>
    <button class="step" type="button" title="One step of D and G">One step</button>
    <button class="slow" type="button" aria-pressed="false" title="Take each step apart into five phases">Slow motion</button>
    <button class="restart" type="button" title="Fresh weights from the same seed: the same game again">Restart</button>
    <select class="speed" aria-label="Speed" title="Steps from one picture to the next">
      ${STEPS_A_PICTURE.map((speed) => `<option value="${speed}">${speed}×</option>`).join("")}
    </select>
  </div>
</section>
<section class="side">
  <div class="kinds games" role="group" aria-label="Games">
    ${Object.entries(GAMES).map(([name, { title }]) => `<button type="button" data-game="${name}" data-testid="game-${name}">${title}</button>`).join("")}
  </div>
  <p class="watch"></p>
  <p class="watch hint"></p>
  <div class="strips">
    <figure><figcaption>Losses: steady is healthy <output class="losses"></output></figcaption><canvas role="img" class="strip"></canvas></figure>
    <figure><figcaption title="Energy distance (Székely and Rizzo 2013) of 128 fakes to 128 real points; dashed: of as many other real points">Fakes to real points: should fall to the dashes <output class="apart"></output></figcaption><canvas role="img" class="strip"></canvas></figure>
  </div>
  ${groupMarkup("real")}
  <p class="caption by-hand" hidden>Draw on the plane: hold and move. By keys: arrows move the cross, space sets a point, backspace takes one back.
    <button class="clear" type="button">Clear</button></p>
  <div class="two">${groupMarkup("loss")}${groupMarkup("z")}</div>
  <p class="caption loss"></p>
  <div class="fields">${slidersMarkup()}</div>
  <div class="bar">
    <label class="seed"><span>Seed</span><input type="number" min="0" max="999999" step="1" inputmode="numeric" data-testid="playground-seed"></label>
    <button class="icon dice" type="button" aria-label="Another seed" title="Another seed">${icon("dice")}</button>
  </div>
</section>`;
