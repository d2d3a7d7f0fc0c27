"""Pictures again from the recipes inside them: the same bytes, or one sentence why not."""

import io
import json
import shutil

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from dcgan.cli.main import main
from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.images import encode
from dcgan.images.embedded import read_recipe
from dcgan.latent.class_centres import label_of_seed, z_of
from dcgan.latent.render import render
from dcgan.networks.generator_file import generator_bytes, load_generator
from dcgan.provenance import redraw, view_picture, weights
from dcgan.runs.run import Run
from dcgan.system.files import publish
from tests.nets import lively

CONFIG = Config(preset="tiny", image_size=16, z_dim=20, ngf=4, ndf=4)
STEPS = (0, 50, 100)


def fill(run: Run, config: Config = CONFIG) -> None:
    run.snapshot_path(0).parent.mkdir()
    run.sample_path(0).parent.mkdir()
    for step in STEPS:
        generator = lively(config, step)
        publish(run.snapshot_path(step), generator_bytes(generator, step, half=True))
        publish(run.sample_path(step), encode.png_bytes(np.full((20, 20), step, np.uint8), {"step": step}))
    publish(run.generator_path, generator_bytes(generator, 100))


@pytest.fixture
def run(root) -> Run:
    run = Run.create(CONFIG, root, "little one")
    fill(run)
    return run


def origin(run: Run, step: int | None = None) -> dict:
    found = load_generator(run.generator_path if step is None else run.snapshot_path(step)).origin
    assert found is not None
    return {"run": run.id} | found._asdict()


def view(run: Run, step: int | None = None, **values) -> dict:
    return origin(run, step) | {"seed": 4, "walk": [], "sliders": {}, "truncation": 1.0} | values


WALK = [{"distance": 30, "around": 9, "number": 2}]
OFFSET = [round(0.1 * i - 1, 3) for i in range(20)]
RECIPES = {
    "a view": lambda run: (view(run, walk=WALK, sliders={"1": 0.25, "c2": 1.0}, offset=OFFSET, truncation=0.8), ".png"),
    "a view at a kept step": lambda run: (view(run, 50, enlarged=4), ".png"),
    "a z that no seed gives": lambda run: (view(run, z=[0.1 * i for i in range(20)], walk=WALK), ".png"),
    "its code": lambda run: (view(run, z="AAAAPABAAAAAPABAAAAAPABAAAAAPABAAAAAPABAAAAAPABAAAAAPA"), ".png"),
    "a film": lambda run: (view(run, 100, steps=[0, 50, 100], hashes=[None] * 3, enlarged=2), ".webp"),
    "a film as GIF": lambda run: (view(run, 100, steps=[0, 100]), ".gif"),
    "a sample": lambda run: (origin(run) | {"seed": 3, "n": 5, "columns": 2}, ".png"),
    "a morph": lambda run: (
        origin(run) | {"seeds": [1, 2], "mode": "even", "frames": 8, "fps": 9, "loop": True},
        ".gif",
    ),
    "a strip": lambda run: (origin(run) | {"seeds": [1, 2], "mode": "lerp", "frames": 8, "enlarged": 2}, ".png"),
    "a sheet": lambda run: (origin(run) | {"seeds": [1, 2], "mode": "lerp", "frames": 8, "columns": 3}, ".png"),
    "a morph between views": lambda run: (
        origin(run)
        | {"seeds": [4, 4], "keyframes": [view(run), view(run, truncation=0.5)], "mode": "slerp", "frames": 4},
        ".webp",
    ),
    "corners": lambda run: (origin(run) | {"corners": [3, 1, 4, 5], "n": 4, "truncation": 0.7}, ".png"),
    "a point between corners": lambda run: (origin(run) | {"corners": [3, 1, 4, 5], "at": [0.25, 0.5]}, ".png"),
    "favourites": lambda run: ({"favourites": [view(run), view(run, 50, seed=9)], "enlarged": 2}, ".png"),
}  # fmt: skip


@pytest.mark.parametrize("name", RECIPES)
def test_the_command_draws_the_same_bytes_again(run, tmp_path, capsys, name):
    recipe, ending = RECIPES[name](run)
    first, inside = redraw.redrawn(recipe, ending)
    assert inside == recipe == read_recipe(first)
    source, out = tmp_path / f"first{ending}", tmp_path / f"again{ending}"
    source.write_bytes(first)
    assert main(["sample", "--recipe", str(source), "--out", str(out), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert out.read_bytes() == first and facts["same_bytes"] and facts["differs"] == 0
    with Image.open(io.BytesIO(first)) as picture:
        assert len(np.unique(np.asarray(picture.convert("L")))) > 10


def test_what_the_commands_make_can_be_made_again(run, tmp_path, capsys):
    made = tmp_path / "made"
    for ending, command in (
        (".png", ["sample", run.id, "--n", "5", "--seed", "7", "--truncation", "0.6"]),
        (".gif", ["interpolate", run.id, "--seeds", "1", "2", "--frames", "6", "--fps", "7", "--loop"]),
        (".webp", ["interpolate", run.id, "--seeds", "1", "2", "3", "--frames", "6", "--mode", "even", "--step", "50"]),
        (".png", ["interpolate", run.id, "--frames", "5"]),
        (".png", ["interpolate", run.id, "--frames", "5", "--columns", "3"]),
        (".gif", ["film", run.id, "--fps", "3"]),
        (".webp", ["film", run.id]),
    ):
        source, out = made.with_suffix(ending), tmp_path / f"again{ending}"
        assert main([*command, "--out", str(source)]) == 0
        recipe = read_recipe(source.read_bytes())
        assert recipe is not None and recipe["run"] == run.id
        assert main(["sample", "--recipe", str(source), "--out", str(out)]) == 0
        assert out.read_bytes() == source.read_bytes()
        assert capsys.readouterr().out.endswith("the same bytes\n")


def test_a_view_is_its_seed_walk_sliders_offset_and_truncation(run):
    generator = load_generator(run.generator_path)
    z = view_picture.z_of(
        view(run, walk=WALK, sliders={"1": 0.25, "999": 1.0}, offset=OFFSET, truncation=0.5), generator
    )
    plain = view_picture.z_of(view(run, walk=WALK), generator)
    plain[1] = 0.25
    assert torch.allclose(z, (plain + torch.tensor(OFFSET)) / 2, atol=1e-6)
    off = view_picture.z_of(view(run, z=[0.5] * 20), generator)
    assert torch.equal(off, torch.full((20,), 0.5)) and view_picture.picture_of(generator, view(run)).shape == (16, 16)


def test_one_thread_draws_and_the_others_come_back(run, monkeypatch):
    threads, before = [], torch.get_num_threads()
    real = view_picture.render
    monkeypatch.setattr(view_picture, "render", lambda *args: (threads.append(torch.get_num_threads()), real(*args))[1])
    torch.set_num_threads(3)
    try:
        redraw.redrawn(view(run), ".png")
        with pytest.raises(BadInput):
            redraw.redrawn(view(run) | {"seed": -1}, ".png")
        assert threads == [1] and torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


# -- the model


def sentence(call) -> str:
    with pytest.raises(BadInput) as refused:
        call()
    text = str(refused.value)
    assert "\n" not in text and text.endswith(".")
    return text


def test_a_run_that_is_not_here_is_named_with_what_to_do(run, root):
    text = sentence(lambda: redraw.redrawn(view(run) | {"run": "elsewhere", "weights_hash": "ab" * 32}, ".png"))
    assert "'elsewhere'" in text and str(root) in text and "copy its folder" in text
    for hostile in ("../little-one", "", ".", "x" * 5000, "a\0b"):
        assert sentence(
            lambda name=hostile: redraw.redrawn(view(run) | {"run": name, "weights_hash": "ab" * 32}, ".png")
        )


def test_other_weights_are_refused_with_the_nearest_step(run):
    recipe = view(run)
    publish(run.generator_path, generator_bytes(lively(CONFIG, 7), 120))  # it has learned on
    text = sentence(lambda: redraw.redrawn(recipe, ".png"))
    assert "step 100" in text and text.endswith("(--step 100).") and "half precision" in text
    assert sentence(lambda: redraw.redrawn(recipe | {"step": 60}, ".png")).endswith("(--step 50).")
    content, inside = redraw.redrawn(recipe, ".png", step=100)
    assert inside["weights_hash"] == origin(run, 100)["weights_hash"] and read_recipe(content) == inside


def test_the_same_weights_are_found_under_another_name(run, root):
    recipe, first = view(run), redraw.redrawn(view(run), ".png")[0]
    run.path.rename(root / "renamed")
    assert (weights.model_of(recipe).run.id, weights.model_of(recipe).step) == ("renamed", None)
    assert redraw.redrawn(recipe, ".png")[0] == first
    shutil.move(root / "renamed", root.parent / "away")
    assert sentence(lambda: redraw.redrawn(recipe, ".png"))
    assert redraw.redrawn(recipe, ".png", root.parent)[0] == first
    assert redraw.redrawn(recipe, ".png", run=Run(root.parent / "away"))[0] == first


def test_a_film_of_changed_grids_or_steps_is_refused(run, tmp_path):
    content, recipe = redraw.film_of(run, 6.0, False)
    publish(run.sample_path(50), encode.png_bytes(np.full((20, 20), 51, np.uint8)))
    assert "are not those" in sentence(lambda: redraw.redrawn(recipe, ".gif"))
    run.sample_path(50).unlink()
    assert "step 50" in sentence(lambda: redraw.redrawn(recipe, ".gif"))
    film = view(run, 100, steps=[0, 50], hashes=["ab" * 32] * 2)
    assert "step 0" in sentence(lambda: redraw.redrawn(film, ".webp"))


# -- what anybody may have written


BROKEN = {
    "no number of frames": ({"seeds": [1, 2], "mode": "slerp", "frames": "x"}, "'frames'"),
    "frames without end": ({"seeds": [1, 2], "mode": "slerp", "frames": 10**9}, "'frames'"),
    "an unknown pace": ({"seeds": [1, 2], "mode": "teleport", "frames": 5}, "'mode'"),
    "a seed beyond all": ({"seed": 2**70, "walk": []}, "'seed'"),
    "true as a seed": ({"seed": True, "walk": []}, "'seed'"),
    "a truncation in words": ({"seed": 1, "walk": [], "truncation": "much"}, "'truncation'"),
    "a z of another model": ({"walk": [], "z": [1.0, 2.0]}, "'z'"),
    "a code that is none": ({"walk": [], "z": "!!"}, "'z'"),
    "a walk of numbers": ({"seed": 1, "walk": [3]}, "'walk'"),
    "a slider in words": ({"seed": 1, "walk": [], "sliders": {"3": "far"}}, "'3'"),
    "a billion pictures": ({"seed": 1, "n": 10**9}, "'n'"),
    "too large": ({"corners": [1, 2, 3, 4], "n": 100, "enlarged": 64}, "too large"),
    "no favourites": ({"favourites": []}, "'favourites'"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_hostile_recipe_is_one_sentence(run, tmp_path, capsys, name):
    broken, words = BROKEN[name]
    source = tmp_path / "x.png"
    source.write_bytes(encode.png_bytes(np.zeros((4, 4), np.uint8), origin(run) | broken))
    assert main(["sample", "--recipe", str(source), "--out", str(tmp_path / "y.png")]) == 2
    told = capsys.readouterr().err
    assert words in told and told.count("\n") == 1 and not (tmp_path / "y.png").exists()


def test_the_classes_of_corners_are_those_of_the_recipe_or_of_the_seeds():
    config = CONFIG.replace(classes="label", class_names='["cat", "dog", "Mouse"]', class_counts="[60, 30, 10]")
    generator = lively(config)
    corners = {"corners": [3, 1, 4, 5], "n": 3, "truncation": 0.7}
    own = [label_of_seed(seed, config.class_shares) for seed in corners["corners"]]
    older, same, other = (
        _pixels(redraw.drawn(generator, corners | more, ".png"))
        for more in ({}, {"classes": [own[0], None, None, own[3]]}, {"classes": [None, (own[1] + 1) % 3, None, None]})
    )
    z = z_of(generator, [3, 1, 4, 5], 0.7)
    assert np.array_equal(older, same) and np.array_equal(older[:16, :16], render(generator, z)[0])
    assert np.array_equal(older[:16, :16], other[:16, :16]) and np.abs(older[:16, -16:] - other[:16, -16:]).max() > 20
    for broken in (7, "0___", [0, 1, 2], [0, 1, 2, 0, 1], [3, None, None, None], [-1, 0, 0, 0], [0.0, 0, 0, 0],
                   [True, 0, 0, 0], ["0", 0, 0, 0], [[0], 0, 0, 0], [10**400, 0, 0, 0]):  # fmt: skip
        with pytest.raises(BadInput, match="'classes' must be 4 classes, each null or a whole number below 3"):
            redraw.drawn(generator, corners | {"classes": broken}, ".png")
    assert redraw.drawn(lively(CONFIG), corners | {"classes": [9, 9, 9, 9]}, ".png")  # it knows none


def _pixels(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as picture:
        return np.asarray(picture).astype(int)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (encode.png_bytes(np.zeros((4, 4), np.uint8)), "carries no recipe"),
        (encode.png_bytes(np.zeros((4, 4), np.uint8), {"strange": 1}), "doesn't know"),
        (b"MZ", "not a PNG, GIF or WebP"),
        (b"", "not a PNG, GIF or WebP"),
        (None, "No such file"),
    ],
)
def test_a_file_that_is_no_picture_of_ours_is_one_sentence(run, tmp_path, capsys, content, words):
    source = tmp_path / "x.png"
    if content is not None:
        source.write_bytes(content)
    assert main(["sample", "--recipe", str(source)]) == 2
    told = capsys.readouterr().err
    assert words in told and told.count("\n") == 1


def test_what_a_recipe_says_is_not_said_twice(run, tmp_path, capsys):
    assert main(["sample"]) == 2 and "RUN" in capsys.readouterr().err
    assert main(["sample", "--recipe", "x.png", "--seed", "3"]) == 2 and "--seed" in capsys.readouterr().err
    (tmp_path / "x.png").write_bytes(redraw.redrawn(view(run), ".png")[0])
    assert main(["sample", "--recipe", str(tmp_path / "x.png"), "--out", "x.gif"]) == 2
    assert "must end in .png" in capsys.readouterr().err


things = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.just("little-one"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ["run", "step", "weights_hash", "seed", "n", "walk", "sliders", "truncation", "offset", "z", "enlarged"]
FIELDS += ["seeds", "mode", "frames", "fps", "loop", "keyframes", "corners", "classes", "at", "steps", "hashes"]
FIELDS += ["favourites"]


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), things), st.sampled_from([".png", ".gif", ".webp"]))
def test_any_recipe_is_drawn_or_refused(tmp_path_factory, recipe, ending):
    root = tmp_path_factory.getbasetemp() / "any"
    if not root.exists():
        fill(Run.create(CONFIG, root, "little one"))
    known = origin(Run(root / "little-one"))
    for asked in (recipe, recipe | known):
        try:
            content, inside = redraw.redrawn(asked, ending, root)
        except BadInput as error:
            assert str(error)
            continue
        assert read_recipe(content) == json.loads(json.dumps(inside))
