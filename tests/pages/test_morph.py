"""Interpolate: its pure parts, the files it gives, and the page as AppTest sees it."""

import base64
import dataclasses
import importlib.machinery
import importlib.util
import io
import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from dcgan.browser.pack import pack
from dcgan.errors import BadInput
from dcgan.images import embedded, encode
from dcgan.latent.axes import axes_of
from dcgan.latent.seeds import z_from_seed
from dcgan.networks.generator_file import load_generator
from dcgan.provenance import redraw
from dcgan.provenance.morph_pictures import keys_z
from dcgan.runs.run import Run
from dcgan.system.paths import PROJECT
from pages.common import loading
from pages.latent import downloads, dropped_picture, morph, morph_downloads, restore, view
from pages.latent.components import morphing
from pages.latent.components.laboratory import Kept
from pages.latent.morph import Corners, Morph, keys_of
from pages.latent.view import Hop, View
from tests.nets import lively
from tests.pages.latent_pages import CONFIG, PLAIN, healthy, little_run, tiny, url, visit

KNOWS = CONFIG.replace(classes="label", class_names='["cat", "dog", "Mouse"]', class_counts="[60, 30, 10]")
ODD = View(5, (Hop(40, 3, 2),), ((2, 0.5), (3, -1.25)), 0.8)  # a keyframe beyond its seed


@pytest.fixture
def run(tmp_path, monkeypatch):
    return little_run(tmp_path, monkeypatch)


def keys_of_walk(walk: Morph, directions=view.NO_DIRECTIONS) -> torch.Tensor:
    """The z of a morph's keyframes, (K, 20)."""
    return keys_z(morph_downloads.morph_facts(walk, CONFIG, directions), PLAIN)


def plain(params: dict[str, str | None]) -> dict[str, str]:
    return {name: text for name, text in params.items() if text}


# -- plain values


def test_a_morph_and_corners_survive_the_url():
    walk = Morph((View(5), ODD, View(5)), "even", 36, False, 7, 0.5)
    square = Corners((9, 8, 7, 6), 5, (0.25, 1.0), 0.5)
    assert plain(walk.params())["key2"] == "walk:40.3.2;sliders:2~0.5_3~-1.25;truncation:0.8"
    assert Morph.from_params(plain(walk.params())) == walk
    assert Corners.from_params(plain(square.params())) == square
    assert plain(Morph().params()) == {"seeds": "0_1_2_3"} and not plain(Corners().params())
    asked = Corners(labels=(3, 7, None, 1))
    assert plain(asked.params()) == {"classes": "3_7__1"} and Corners.from_params({"classes": "3_7__1"}) == asked


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("3_-1_x_1", (3, None, None, 1)),
        ("4095_4096_1e1_ 1", (4095, None, None, None)),
        ("٣_7_07_" + "9" * 400, (None, 7, 7, None)),
        ("3_7_1", (None,) * 4),
        ("3_7__1_", (None,) * 4),
        ("3", (None,) * 4),
    ],
)
def test_classes_of_corners_that_can_not_be_meant_are_those_of_the_seeds(text, labels):
    assert Corners.from_params({"classes": text}) == Corners(labels=labels)


def test_a_keyframe_is_a_view_without_its_surroundings():
    around = View(5, ODD.hops, ODD.sliders, 0.8, distance=60, around=9, locked=(2,))
    assert morph.as_key(around) == ODD
    assert morph.read_key(7, "seed:9;distance:60;walk:x;nonsense") == View(7)


def test_the_class_of_a_keyframe_is_part_of_it():
    key = View(4, label=1, toward=0, share=0.5, distance=60)
    assert morph.key_text(key) == "class:1;toward:0;share:0.5" and morph.as_key(key) == View(
        4, label=1, toward=0, share=0.5
    )
    walk = Morph((View(4, label=2), View(4)))
    facts = morph_downloads.morph_facts(walk, CONFIG.replace(classes="label"))
    assert [view.get("class") for view in facts["keyframes"]] == [2, None]
    assert Morph.from_params(restore.morph_params(facts)) == walk


def test_one_more_keyframe_while_there_is_room():
    walk = Morph(keys_of(1, 2))
    assert walk.added(ODD).keys == (View(1), View(2), ODD) and walk.seeds == [1, 2]
    full = Morph(keys_of(*range(morph.MAX_KEYS)))
    assert full.added(View(9)) == full


# -- pictures and files


@pytest.mark.parametrize("mode", morph.MODES)
@pytest.mark.parametrize("loop", [True, False])
def test_frames_start_at_the_first_keyframe_and_end_at_the_last(mode, loop):
    walk, generator = Morph((View(3), View(1), ODD), mode, 13, loop), tiny(1)
    frames = morph_downloads.frames_of(generator, walk)
    keys = morph_downloads.keyframes_of(generator, walk)
    assert frames.shape == (13, 16, 16) and np.array_equal(frames[0], keys[0])
    assert np.array_equal(frames[-1], keys[-1]) != loop
    assert np.array_equal(keys[2], view.picture_of(generator, ODD))


@pytest.mark.parametrize("loop", [True, False])
def test_the_even_pace_of_the_shipped_model_varies_five_times_less_than_slerp(loop):
    generator = load_generator(PROJECT / "checkpoints" / "quick-fashion" / "generator.safetensors")

    def variance(mode: str, *seeds: int) -> float:
        frames = morph_downloads.frames_of(generator, Morph(keys_of(*seeds), mode, 48, loop)).astype(np.float64)
        frames = np.concatenate([frames, frames[:1]]) if loop else frames
        return np.sqrt((np.diff(frames, axis=0) ** 2).mean((1, 2))).var()

    for seeds in ((0, 1), (4, 5), (6, 7, 8)):
        assert variance("slerp", *seeds) > 5 * variance("even", *seeds)


def test_truncation_of_the_morph_acts_on_every_keyframe():
    walk = Morph((View(3), ODD), truncation=0.5)
    z = keys_of_walk(Morph(keys=walk.keys, truncation=0.5))
    assert torch.equal(z[0], z_from_seed(3, 20) / 2) and torch.allclose(z[1], view.z_of(ODD, PLAIN) / 2)


def test_axes_of_a_keyframe_are_those_given():
    generator, key = tiny(1), View(4, sliders=(("c2", 1.5),))
    directions = {axis.id: axis.direction for axis in axes_of(generator, "components")}
    z = keys_of_walk(Morph(keys=(View(4), key)), directions)
    assert torch.allclose(z[1] - z[0], 1.5 * directions["c2"], atol=2e-6)


def test_four_corners_are_the_four_seeds_and_the_point_is_between_them():
    square, generator = Corners((3, 1, 4, 5), 5), tiny(1)
    pictures = morph_downloads.corners_of(generator, square)
    keys = morph_downloads.keyframes_of(generator, Morph(keys_of(*square.seeds)))
    assert pictures.shape == (25, 16, 16)
    for place, key in zip((0, 4, 20, 24), keys, strict=True):
        assert np.abs(pictures[place].astype(int) - key).max() <= 1
    point = morph_downloads.point_of(generator, Corners((3, 1, 4, 5), 5, (0.25, 0.75)))
    assert np.abs(pictures[3 * 5 + 1].astype(int) - point).max() <= 1


def test_each_corner_shows_the_class_that_it_is_asked_for_and_its_file_says_so(run):
    opened = loading.open_at(run)._replace(generator=lively(KNOWS))
    square = Corners((3, 3, 4, 5), 3, labels=(2, 0, None, 9))  # 9 is a class that this model lacks
    pictures = morph_downloads.corners_of(opened.generator, square)
    keys = [View(3, label=2), View(3, label=0), View(4), View(5)]
    for place, key in zip((0, 2, 6, 8), keys, strict=True):
        assert np.abs(pictures[place].astype(int) - view.picture_of(opened.generator, key)).max() <= 1
    assert np.abs(pictures[0].astype(int) - pictures[2]).max() > 20
    files = [
        morph_downloads.corners_file(pictures, square, run, opened, 2),
        morph_downloads.point_file(square, run, opened, 4),
    ]
    for data in files:
        recipe = embedded.read_recipe(data)
        assert recipe and recipe["classes"] == [2, 0, None, None]
        assert redraw.drawn(opened.generator, recipe, ".png") == data
        back = Corners.from_params(restore.target_of(recipe, model=restore.Model(run, None)).params)
        assert (back.seeds, back.labels) == (square.seeds, (2, 0, None, None))
    # where no class of this model is asked for, the recipe is what it was before classes could be
    for other, knows in ((Corners(labels=(9, None, None, None)), opened), (square, loading.open_at(run))):
        assert "classes" not in embedded.read_recipe(morph_downloads.point_file(other, run, knows, 1))


@pytest.mark.parametrize("kind", ["gif", "webp", "png"])
def test_a_morph_file_carries_its_recipe(run, kind):
    opened, walk = loading.open_at(run), Morph(keys_of(3, 1), frames=12, loop=False)
    frames = morph_downloads.frames_of(opened.generator, walk)
    recipe = embedded.read_recipe(morph_downloads.morph_file(kind, frames, walk, run, opened, 2))
    assert recipe == {
        "run": "little-one", "step": 100, "weights_hash": opened.weights_hash, "seeds": [3, 1], "mode": "slerp",
        "frames": 12, "loop": False, "fps": 18, "truncation": 1.0, "enlarged": 2,
        **({"columns": 4} if kind == "png" else {}),
    }  # fmt: skip


def test_all_frames_as_a_picture_are_a_sheet_that_a_screen_shows_not_a_strip(run):
    opened, walk = loading.open_at(run), Morph(keys_of(3, 1), frames=72)
    frames = morph_downloads.frames_of(opened.generator, walk)
    data = morph_downloads.morph_file("png", frames, walk, run, opened, 8)
    with Image.open(io.BytesIO(data)) as sheet:
        assert sheet.size == (9 * 128 + 8 * 16, 8 * 128 + 7 * 16)
        assert np.array_equal(np.asarray(sheet)[144:272:8, 144:272:8], frames[10])
    assert redraw.redrawn(embedded.read_recipe(data), ".png")[0] == data


def test_an_mp4_shows_the_frames_and_carries_its_recipe(run):
    av = pytest.importorskip("av")
    opened, walk = loading.open_at(run), Morph(keys_of(3, 1), frames=12, fps=9)
    frames = morph_downloads.frames_of(opened.generator, walk)
    data = morph_downloads.morph_file("mp4", frames, walk, run, opened, 8)
    with av.open(io.BytesIO(data)) as film:
        assert json.loads(film.metadata["comment"])["seeds"] == [3, 1]
        stream = film.streams.video[0]
        assert (stream.average_rate, stream.frames) == (9, 12)
        shown = np.stack([frame.to_ndarray(format="rgb24") for frame in film.decode(stream)])
    assert shown.shape == (12, 128, 128, 3)
    assert np.abs(shown[:, 4::8, 4::8, 0].astype(int) - frames).mean() < 3


# -- what is dropped


def picture_file(run: Run, key: View) -> bytes:
    return downloads.png_of(run, loading.open_at(run), key, 2)


def test_a_dropped_picture_becomes_the_last_keyframe(run):
    walk, recipe = dropped_picture.taken(Morph(keys_of(1, 2)), picture_file(run, ODD))
    assert walk.keys == (View(1), View(2), ODD) and recipe["step"] == 100


def test_a_dropped_film_brings_its_whole_morph(run):
    opened = loading.open_at(run)
    for walk in (Morph((View(3), ODD), "even", 24, False, 9, 0.9), Morph(keys_of(4, 2, 8))):
        frames = morph_downloads.frames_of(opened.generator, walk)
        for kind in ("gif", "webp", "png"):
            data = morph_downloads.morph_file(kind, frames, walk, run, opened)
            assert dropped_picture.taken(Morph(), data)[0] == walk


def test_a_dropped_square_or_a_point_of_one_is_shown(run):
    opened, square = loading.open_at(run), Corners((5, 1, 8, 3), 4, (0.25, 0.5), 0.9)
    pictures = morph_downloads.corners_of(opened.generator, square)
    whole = morph_downloads.corners_file(pictures, square, run, opened, 1)
    point = morph_downloads.point_file(square, run, opened, 1)
    assert dropped_picture.taken(Morph(), whole)[0] == dataclasses.replace(square, at=Corners().at)
    assert dropped_picture.taken(Morph(), point)[0] == dataclasses.replace(square, n=Corners().n)


def test_what_can_not_be_taken_is_one_sentence(run):
    bare = encode.png_bytes(np.zeros((4, 4), np.uint8))
    sheet = encode.png_bytes(np.zeros((4, 4), np.uint8), {"seed": 3, "n": 16})
    square = encode.png_bytes(np.zeros((4, 4), np.uint8), {"corners": [1, 2, 3]})
    full = Morph(keys_of(*range(morph.MAX_KEYS)))
    for walk, data, words in (
        (Morph(), b"nothing", "not a PNG"),
        (Morph(), bare, "no recipe"),
        (Morph(), sheet, "several z"),
        (Morph(), square, "'corners'"),
        (full, picture_file(run, ODD), "room for 12"),
    ):
        with pytest.raises(BadInput, match=words):
            dropped_picture.taken(walk, data)


FIELDS = ["seed", "seeds", "mode", "walk", "sliders", "keyframes", "frames", "corners", "n", "classes", "at"]
things = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*FIELDS, "number"]), inner),
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), things))
def test_a_recipe_may_say_anything(recipe):
    try:
        data = encode.png_bytes(np.zeros((2, 2), np.uint8), recipe)
        walk, _ = dropped_picture.taken(Morph(), data)
    except (BadInput, ValueError):  # ValueError: no JSON can hold it
        return
    if isinstance(walk, Corners):
        assert all(0 <= share <= 1 for share in walk.at)
        return
    assert torch.isfinite(keys_of_walk(walk)).all()


# -- the page


def given_to_browser(app: AppTest) -> dict:
    """What the page gives the live component."""
    (proto,) = [item.proto for item in app.get("bidi_component") if item.proto.component_name == "latent_morph"]
    return json.loads(proto.json)


def say(app: AppTest, kind: str = "morph", **message: object) -> AppTest:
    """Answer as the browser does when a hand lets go."""
    number = app.session_state[f"{kind}-heard"] + 1
    app.session_state[f"{kind}-lab"] = {"message": {"seq": number, **message}}
    return healthy(app.run())


def test_interpolate_gives_the_browser_the_morph_and_the_model(run):
    app = visit("interpolate", seeds="3_1_4", key2="sliders:2~0.5")
    given, opened = given_to_browser(app), loading.open_at(run)
    assert (given["kind"], given["model"]) == ("Morph", opened.weights_hash)
    assert given["params"] == {"seeds": "3_1_4", "key2": "sliders:2~0.5"}
    (courier,) = [i.proto for i in app.get("bidi_component") if i.proto.component_name == "latent_courier_morph"]
    assert courier.bytes.endswith(pack(opened.generator))


def test_interpolate_restores_a_url(run):
    params = {"step": "50", "seeds": "3_1_4", "mode": "even", "frames": "36", "loop": "0", "fps": "9"}
    params |= {"key3": "walk:25.0.4;truncation:0.5", "truncation": "0.9"}
    app = visit("interpolate", **params)
    assert url(app) == params | {"run": "little-one"}
    shown = {name: text for name, text in params.items() if name != "step"}
    assert given_to_browser(app)["params"] == shown


def test_what_the_hand_did_reaches_the_url_once(run):
    app = visit("interpolate", seeds="3_1_4", key2="sliders:2~0.5")
    say(app, morph={"seeds": "1_4_3", "key1": "sliders:2~0.5", "mode": "even", "fps": "9"})
    assert url(app) == {
        "run": "little-one", "seeds": "1_4_3", "key1": "sliders:2~0.5", "mode": "even", "fps": "9",
    }  # fmt: skip
    app.session_state["morph-lab"] = {"message": {"seq": 1, "morph": {"seeds": "9_9"}}}  # read before
    assert url(healthy(app.run()))["seeds"] == "1_4_3"
    app.session_state["morph-lab"] = {"message": {"seq": 99, "morph": ["no"]}}
    assert url(healthy(app.run()))["seeds"] == "1_4_3"


def drop(app: AppTest, data: bytes) -> AppTest:
    app.session_state["morph-lab"] = {"picture": {"data": base64.b64encode(data).decode()}}
    return healthy(app.run())


def test_a_dropped_picture_reaches_the_url_and_one_without_a_recipe_is_refused(run):
    app = visit("interpolate", seeds="3_1")
    drop(app, picture_file(run, ODD))
    assert url(app)["seeds"] == "3_1_5" and url(app)["key3"] == morph.key_text(ODD)
    assert not app.toast
    drop(app, encode.png_bytes(np.zeros((4, 4), np.uint8)))
    assert "no recipe" in app.toast[0].value and url(app)["seeds"] == "3_1_5"
    older = downloads.png_of(run, loading.open_at(run, 50), View(8))
    drop(app, older)
    assert url(app)["seeds"] == "3_1_5_8" and "step 50" in app.toast[0].value


def test_favourites_of_this_run_are_offered_with_their_axes(run):
    app = visit("interpolate", seeds="3_1")
    kept = View(7, sliders=(("c1", 1.0),), distance=60)
    app.session_state["explore-shelf"] = [Kept("little-one", 50, kept), Kept("gone", 0, View(9))]
    healthy(app.run())
    given = given_to_browser(app)
    assert given["favourites"] == [{"seed": "7", "sliders": "c1~1", "distance": "60"}]
    opened = loading.open_at(run)
    direction = {axis.id: axis.direction for axis in axes_of(opened.generator, "components")}["c1"]
    vector = np.frombuffer(base64.b64decode(given["facts"]["directions"]["c1"]), np.float32)
    assert np.allclose(vector, direction, atol=1e-6)
    say(app, morph={"seeds": "3_7", "key2": "sliders:c1~1"})
    assert given_to_browser(app)["params"] == {"seeds": "3_7", "key2": "sliders:c1~1"}


def test_interpolate_opens_on_four_corners_and_follows_the_hand(run):
    params = {"view": "corners", "corners": "9_8_7_6", "classes": "2___0", "n": "4", "at": "0.25_0.5"}
    app = visit("interpolate", **params)
    assert params.items() <= url(app).items()
    given = given_to_browser(app)
    shown = {name: text for name, text in params.items() if name != "view"}
    assert given["kind"] == "Corners" and given["params"] == shown
    say(app, "corners", corners={"corners": "9_8_1_6", "at": "0.1_1", "truncation": "0.5"})
    there = url(app)
    assert (there["corners"], there["at"], there["truncation"]) == ("9_8_1_6", "0.1_1", "0.5")
    assert not {"n", "classes"} & {*there}
    assert given_to_browser(visit("interpolate", **there))["params"]["at"] == "0.1_1"


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize(
    ("page", "key", "package"), [("interpolate", "morph-mp4", "av"), ("explore", "explore-onnx", "onnx")]
)
def test_a_file_whose_package_is_missing_looks_so_and_says_what_it_needs(run, monkeypatch, page, key, package, missing):
    find, here = importlib.util.find_spec, None if missing else importlib.machinery.ModuleSpec(package, None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: here if name == package else find(name))
    proto = visit(page).get_by_key(key).proto
    assert proto.disabled == missing and (f"`pip install {package}`" in proto.help) == missing


@settings(max_examples=100, deadline=None)
@given(things | st.dictionaries(st.sampled_from(["seq", "morph", "corners", "data"]), things))
def test_a_browser_may_say_anything(value):
    message = morphing.read(value)
    assert message is None or message.morph is None or len(message.morph.keys) >= 2
    morphing.read_picture(value)
