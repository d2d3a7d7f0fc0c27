// Plays the game off the page's thread: it answers every message with what there is to see.

import { Game } from "./game.js";
import { GameView } from "./game_view.js";

let game, view;

// start: settings of a new game; change: settings of the one that goes on; advance: steps to take; slow: take one apart
self.onmessage = ({ data: { start, change, advance, slow, number } }) => {
  if (start) {
    game = new Game(start);
    view = new GameView(game);
  }
  if (change) {
    Object.assign(game.settings, change);
    view.look();
  }
  const parts = slow ? view.slowStep() : null, losses = [0, 0];
  for (let i = 0; i < advance; i++) {
    game.step();
    [game.lossD, game.lossG].forEach((loss, player) => (losses[player] += loss / advance));
  }
  if (advance) [game.lossD, game.lossG] = losses;
  self.postMessage({ now: view.now(), parts, number });
};
