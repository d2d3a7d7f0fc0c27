"""The playground: its networks learn as PyTorch's do, its games show what they are called after, and a person plays."""

import re
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page, expect
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from dcgan.browser import bundle, modules
from dcgan.config import Config
from dcgan.training import losses
from pages.learn import playground
from tests.browser.hand import box_at_rest
from tests.browser.studio import Studio
from tests.browser.test_latent import check_names

pytestmark = pytest.mark.browser

NAMES = {"bce": "bce", "hinge": "hinge", "wasserstein": "wgan-gp"}  # here -> in a Config


@pytest.fixture(scope="module")
def page_alone(chromium: Browser):
    """A page with the game of the worker and nothing else, without a network."""
    context = chromium.new_context(offline=True)
    page = context.new_page()
    worker = [*modules.in_order("playground/game_worker.js", bundle.module)[:-1], "playground/game_settings.js"]
    text = "".join(bundle.module(name).text for name in worker)
    names = "Game, GameView, LOSSES, gameFrom, gameText, settingsOf"
    page.add_script_tag(content=f"{{ {text}; globalThis.game = {{ {names} }}; }}")
    yield page
    context.close()


# ---- as PyTorch

STEP = """([loss, z]) => {
  const { Game, GameView, settingsOf, LOSSES } = globalThis.game;
  const settings = { ...settingsOf("healthy"), loss, z, batch: 24, seed: 5 };
  const learner = new Game(settings);
  for (let i = 0; i < 30; i++) learner.step(); // weights that are no longer those of the beginning
  const game = new Game(settings), n = settings.batch;
  for (const net of ["G", "D"]) game[net].params.set(learner[net].params);
  game.drawBatch();
  const list = (array) => Array.from(array);
  const found = { z: list(game.z.subarray(0, n * z)), real: list(game.real.subarray(0, 2 * n)) };
  for (const net of ["D", "G"]) {
    found[`before${net}`] = list(game[net].params);
    found[`loss${net}`] = game[`gradient${net}`]();
    found[`grads${net}`] = list(game[net].grads);
    game[`adam${net}`].step(game[net].params, game[net].grads, 0.005);
    found[`after${net}`] = list(game[net].params);
    if (net === "D") found.between = list(game.between.subarray(0, 2 * n));
  }
  const fakes = game.G.forward(game.z, n).slice(0, 2 * n);
  const arrows = new GameView(game).arrows(fakes, n);
  return { ...found, weight: LOSSES[loss].penalty ?? 0, fakes: list(fakes), arrows: list(arrows) };
}"""


def parts_of(flat: Tensor, sizes: list[int]) -> list[tuple[Tensor, Tensor]]:
    """The weights (inputs, outputs) and biases of the layers that lie in one array."""
    found, at = [], 0
    for inputs, outputs in zip(sizes, sizes[1:], strict=False):
        weight = flat[at : at + inputs * outputs].view(inputs, outputs)
        at += inputs * outputs
        found.append((weight, flat[at : at + outputs]))
        at += outputs
    assert at == len(flat)
    return found


def dense(flat: Tensor, sizes: list[int], x: Tensor) -> Tensor:
    """The network of dense.js by PyTorch's own operations."""
    for i, (weight, bias) in enumerate(parts_of(flat, sizes)):
        x = x @ weight + bias
        x = leaky_relu(x, 0.2) if i < len(sizes) - 2 else x
    return x


@pytest.mark.parametrize("z", [1, 2])
@pytest.mark.parametrize("loss", list(NAMES))
def test_both_players_learn_as_in_pytorch(page_alone: Page, loss: str, z: int) -> None:
    """Losses, gradients and Adam's steps on the same weights and points, by the losses that the studio trains with."""
    got = {
        name: torch.tensor(value, dtype=torch.float64) for name, value in page_alone.evaluate(STEP, [loss, z]).items()
    }
    config = Config(loss=NAMES[loss], norm_d="none" if loss == "wasserstein" else "batch")
    sizes = {"G": [z, 32, 32, 2], "D": [2, 32, 32, 1]}
    real, latent = got["real"].view(-1, 2), got["z"].view(-1, z)
    weights = {net: nn.Parameter(got[f"before{net}"].clone()) for net in sizes}

    def judge(points: Tensor) -> Tensor:
        return dense(weights["D"], sizes["D"], points)[:, 0]

    fakes = dense(weights["G"], sizes["G"], latent)
    expected: dict[str, Tensor] = {}
    noise: Any = None  # plain labels need none
    for net in ("D", "G"):
        adam = torch.optim.Adam([weights[net]], lr=0.005, betas=(0.5, 0.999))
        if net == "D":
            value = total = losses.discriminator_loss(judge(real), judge(fakes.detach()), config, noise)
            if got["weight"]:
                between = got["between"].view(-1, 2).requires_grad_(True)
                (slope,) = torch.autograd.grad(judge(between).sum(), between, create_graph=True)
                total = total + got["weight"] * (slope.norm(dim=1) - 1).square().mean()
        else:
            value = total = losses.generator_loss(judge(fakes), config)
        (weights[net].grad,) = torch.autograd.grad(total, [weights[net]])
        expected |= {f"loss{net}": value.detach(), f"grads{net}": weights[net].grad.clone()}
        adam.step()
        expected[f"after{net}"] = weights[net].detach().clone()
    moved = got["fakes"].view(-1, 2).requires_grad_(True)
    (slopes,) = torch.autograd.grad(len(moved) * losses.generator_loss(judge(moved), config), moved)
    expected |= {"fakes": dense(weights["G"], sizes["G"], latent).detach().flatten(), "arrows": -slopes.flatten()}
    for name, value in expected.items():
        assert (got[name] - value).abs().max() < 1e-5, name
    assert expected["gradsD"].abs().max() > 1e-2 and expected["gradsG"].abs().max() > 1e-3
    assert (loss == "wasserstein") == bool(got["weight"])


# ---- a game repeats, whether it is looked at or taken apart

REPEAT = """() => {
  const { Game, GameView, settingsOf } = globalThis.game;
  const settings = { ...settingsOf("wins"), batch: 16 };
  const [plain, seen, other] = [settings, settings, { ...settings, seed: 2 }].map((each) => new Game({ ...each }));
  const view = new GameView(seen);
  for (let i = 0; i < 6; i++) {
    for (const game of [plain, other]) game.step();
    if (i % 2) view.slowStep();
    else seen.step();
    view.now();
  }
  return [plain, seen, other].map(({ G, D, steps }) => [steps, ...G.params, ...D.params]);
}"""


def test_a_seed_repeats_a_game_and_slow_motion_is_the_same_step(page_alone: Page) -> None:
    plain, seen, other = page_alone.evaluate(REPEAT)
    assert plain == seen and plain[0] == 6
    assert plain != other


# ---- the named games show what they are called after

PLAYED = """([name, steps, changes]) => {
  const { Game, settingsOf } = globalThis.game;
  const settings = settingsOf(name), game = new Game({ ...settings, ...changes });
  const n = 128, random = new Game({ ...settings, seed: 99, batch: n });
  random.drawBatch();
  const [z, looks, losses] = [random.z.slice(), [], []];
  for (let i = 1; i <= steps; i++) {
    game.step();
    losses.push([game.lossD, game.lossG]);
    if (i % 10 === 0) looks.push(Array.from(game.G.forward(z, n).subarray(0, 2 * n)));
  }
  return { looks, losses };
}"""


def played(page: Page, name: str, steps: int, **changes: object) -> tuple[np.ndarray, np.ndarray]:
    """Of a game what 128 fakes (looks, 128, 2) were every 10 steps, and both losses (steps, 2)."""
    found = page.evaluate(PLAYED, [name, steps, changes])
    return np.array(found["looks"]).reshape(steps // 10, -1, 2), np.array(found["losses"])


def heaps(fakes: np.ndarray) -> np.ndarray:
    """The share of the fakes (..., 128, 2) that each eighth of the circle has, sorted, the largest first."""
    eighth = np.round(np.arctan2(fakes[..., 1], fakes[..., 0]) / (np.pi / 4)).astype(int) % 8
    return -np.sort(-np.stack([(eighth == i).mean(axis=-1) for i in range(8)], axis=-1), axis=-1)


def test_a_healthy_game_finds_all_heaps_and_a_collapsed_one_two_at_most(page_alone: Page) -> None:
    healthy, losses = played(page_alone, "healthy", 600)
    assert heaps(healthy[-1])[-1] >= 0.03
    assert 1.0 < losses[-100:, 0].mean() < 1.45 and 0.6 < losses[-100:, 1].mean() < 1.1
    collapsed, _ = played(page_alone, "collapse", 500)
    few = [(heaps(fakes[10:])[:, :2].sum(axis=1) > 0.9).mean() for fakes in (healthy, collapsed)]
    assert few[0] < 0.1 and few[1] > 0.4


def test_an_oscillating_game_swings_from_side_to_side_all_in_one(page_alone: Page) -> None:
    looks, _ = played(page_alone, "oscillation", 400)
    across, spread = looks[10:, :, 0].mean(axis=1), looks[10:].std(axis=1)
    sides = np.sign(across[np.abs(across) > 0.2])
    assert (np.diff(sides) != 0).sum() >= 4
    assert np.median(np.linalg.norm(spread, axis=1)) < 0.35  # where the heaps are 1.1 apart


def test_where_d_wins_its_loss_is_small_and_the_fakes_stay_few(page_alone: Page) -> None:
    looks, losses = played(page_alone, "wins", 250)
    assert losses[-100:, 0].mean() < 0.5 and losses[-100:, 1].mean() > 5
    assert heaps(looks[-1])[-1] < 0.03


# ---- a game as text

TEXTS = "(texts) => texts.map((text) => globalThis.game.gameText(globalThis.game.gameFrom(text)))"


def test_a_game_stands_in_an_address_and_odd_parts_count_as_not_said(page_alone: Page) -> None:
    good = ["healthy", "collapse;rateG:0.005;batch:8", "wins;seed:77;loss:hinge;z:1", "healthy;real:drawn;drawn:AAgZ__"]
    odd = ["", "x;rateG:9", "collapse;batch:7;seed:-1;stepsD;z:1:2", "healthy;drawn:%;constructor:1;__proto__:2"]
    found = page_alone.evaluate(TEXTS, good + odd)
    assert found[:4] == good
    assert found[4:] == ["healthy", "healthy", "collapse;z:1", "healthy"]
    for text in good:
        assert playground.game_in(text) == text
        assert playground.read({"seq": 3, "game": text}) == (3, text)
    for text in (None, 3, "", "a b", "<b>", "x" * 601):
        assert playground.game_in(text) is None and playground.read({"seq": 3, "game": text}) is None


# ---- a person


def test_a_person_plays_steps_looks_closely_draws_and_comes_back(page: Page, studio: Studio) -> None:
    page.emulate_media(reduced_motion="reduce")  # nothing moves unless it is asked for
    page.goto(f"{studio.url}/learn?part=playground&game=collapse;seed:7")
    plane = page.get_by_test_id("playground-plane")
    expect(plane).to_have_attribute("data-step", "0")
    expect(page.get_by_test_id("game-collapse")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_test_id("playground-seed")).to_have_value("7")
    check_names(page)

    page.get_by_role("button", name="One step", exact=True).click()
    expect(plane).to_have_attribute("data-step", "1")
    expect(plane).to_have_attribute("aria-label", re.compile(r"^Step 1: D's loss \d\.\d\d.* The fakes are 0\.\d+ from"))
    plane.press(" ")
    page.wait_for_function("(c) => Number(c.dataset.step) >= 8", arg=plane.element_handle())
    page.get_by_test_id("playground-rateG").press("ArrowLeft")  # while it plays
    expect(page).to_have_url(re.compile("game=collapse(;|%3B)seed(:|%3A)7(;|%3B)rateG(:|%3A)0.02"))
    plane.press(" ")
    expect(page.get_by_role("button", name="Play")).to_be_visible()

    page.get_by_role("button", name="Slow motion").click()
    said = page.get_by_test_id("playground-said")
    for words in ("32 new z", "G moves every z", "it believes real points", "D learns", "An arrow shows"):
        expect(said).to_contain_text(words)
        page.get_by_role("button", name="Next phase").click()
    expect(said).to_contain_text("32 new z")  # of another step
    page.get_by_role("button", name="Slow motion").click()

    page.get_by_test_id("playground-real-drawn").click()
    expect(page.get_by_role("button", name="Play")).to_be_disabled()
    box = box_at_rest(plane)
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.3 * box["height"], steps=6)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"drawn(:|%3A)[\w-]{10,}"))
    before = page.url
    plane.press("ArrowUp")
    plane.press(" ")
    expect(page).not_to_have_url(before)
    page.reload()
    expect(page.get_by_test_id("playground-real-drawn")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button", name="Play")).to_be_enabled()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
