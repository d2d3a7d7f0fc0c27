"""Explore and Interpolate: their pure parts, and the pages as AppTest sees them."""

import base64
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
from dcgan.export.explorer_page import exported
from dcgan.images import embedded, encode
from dcgan.judges.judge import judge_of
from dcgan.latent import influence, kept_axes, moves, seeds
from dcgan.latent.axes import axes_of
from dcgan.latent.codes import code_of
from dcgan.latent.render import render
from dcgan.networks.generator_file import generator_bytes
from dcgan.networks.models import Generator
from dcgan.provenance import redraw
from dcgan.runs.run import Run
from dcgan.system.files import publish
from pages.common import loading
from pages.latent import downloads, favourites, restore, samples, view, visit_axes
from pages.latent.components import drop as reading
from pages.latent.components import laboratory as live
from pages.latent.components.laboratory import Kept
from pages.latent.morph import Corners, Morph
from pages.latent.view import Hop, View
from tests.pages.app import APP, SECONDS
from tests.pages.latent_pages import CONFIG, PLAIN, healthy, little_run, tiny, url, visit

KNOWS = CONFIG.replace(classes="label", class_names='["cat", "dog", "Mouse"]', class_counts="[60, 30, 10]")
names = st.sampled_from(sorted({*View().params(), *Morph().params(), *Corners().params()}))
odd = st.sampled_from(
    [
        "1e309",
        "nan",
        "c1~1_zz~1",
        "c01~2",
        "c99999~1",
        "-1",
        "٣",
        "9" * 400,
        "1_0",
        "3~",
        "~",
        "40.0.3_",
        "40.0.3",
        "2~1e9",
        "5~-1",
    ]
)
words = st.dictionaries(names, st.text(max_size=30) | odd)


@pytest.fixture
def run(tmp_path, monkeypatch):
    return little_run(tmp_path, monkeypatch)


# -- pure parts


def test_a_view_survives_the_url():
    there = View(7, (Hop(40, 3, 12), Hop(5, 0, 1)), ((2, -1.25), (9, 0.5)), 0.7, 60, 11, (9,))
    assert View.from_params({name: text for name, text in there.params().items() if text}) == there
    assert {name: text for name, text in View().params().items() if text} == {"seed": "0"}
    mixed = View(7, label=2, toward=0, share=0.25)
    told = {"seed": "7", "class": "2", "toward": "0", "share": "0.25"}
    assert {name: text for name, text in mixed.params().items() if text} == told and View.from_params(told) == mixed
    assert View.from_params({"seed": "7", "class": "x", "toward": "-1", "share": "0.5"}) == View(7)


@settings(max_examples=200, deadline=None)
@given(words)
def test_any_url_gives_a_view_that_can_be_drawn(params):
    there, walk, square = View.from_params(params), Morph.from_params(params), Corners.from_params(params)
    assert torch.isfinite(view.neighbours_z(there, PLAIN, 2)).all()
    assert len(walk.keys) >= 2 and walk.frames >= len(walk.keys) and len(square.seeds) == 4
    for kind in (there, walk, square):  # what was read is written in a form that reads the same
        assert type(kind).from_params({k: v for k, v in kind.params().items() if v}) == kind


def test_z_is_seed_then_walk_then_sliders_then_truncation():
    z = seeds.z_from_seed(4, 20)
    assert torch.equal(view.z_of(View(4), PLAIN), z)
    moved = View(4).moved(3, 2.0).moved(0, -1.0).moved(3, 1.5)
    assert moved.sliders == ((0, -1.0), (3, 1.5))
    expected = z.clone()
    expected[0], expected[3] = -1.0, 1.5
    assert torch.allclose(view.z_of(View(4, sliders=moved.sliders, truncation=0.5), PLAIN), expected / 2)


def test_every_neighbour_is_reached_by_going_there():
    here = View(4, distance=30, around=9).moved(1, 0.25)
    around = view.neighbours_z(here, PLAIN)
    assert torch.equal(around[0], view.z_of(here, PLAIN))
    for number in (1, view.NUM_NEIGHBOURS):
        assert torch.allclose(view.z_of(here.gone_to(number), PLAIN), around[number], atol=1e-6)
    twice = here.gone_to(2).gone_to(5)
    assert torch.allclose(view.z_of(twice, PLAIN), view.neighbours_z(here.gone_to(2), PLAIN)[5], atol=1e-6)


def test_sliders_of_other_models_do_nothing_and_uniform_z_stays_in_its_prior():
    config = CONFIG.replace(z_prior="uniform")
    z = view.z_of(View(1, sliders=((2, 3.0), (4000, 1.0)), hops=(Hop(100, 1, 3),)), Generator(config))
    assert z.shape == (20,) and z[2] == 1.0 and z.abs().max() <= 1


@pytest.mark.parametrize("channels", [1, 3])
def test_the_png_is_the_picture_and_can_be_made_again(run, channels):
    opened = loading.open_at(run)._replace(generator=tiny(1, CONFIG.replace(channels=channels)))
    there = View(4, (Hop(30, 9, 2),), ((1, 0.25),), 0.8)
    recipe = embedded.read_recipe(downloads.png_of(run, opened, there, factor=4))
    assert recipe == {
        "run": "little-one", "step": 100, "weights_hash": opened.weights_hash, "seed": 4, "truncation": 0.8,
        "walk": [{"distance": 30, "around": 9, "number": 2}], "sliders": {"1": 0.25}, "enlarged": 4,
    }  # fmt: skip
    picture = view.picture_of(opened.generator, there)
    assert picture.shape == (16, 16, 3)[: 2 + (channels == 3)]


def test_a_class_is_in_the_recipe_and_leads_back(run):
    there, given = View(4, label=2, toward=0, share=0.25), View(z=code_of(seeds.z_from_seed(3, 20)), label=1)
    opened = loading.open_at(run)._replace(generator=tiny(1, KNOWS))
    recipe = embedded.read_recipe(downloads.png_of(run, opened, there))
    assert recipe and {"class": 2, "toward": 0, "share": 0.25}.items() <= recipe.items()
    assert restore.view_of(recipe) == there
    centres, z = opened.generator.centres.weight, seeds.z_from_seed(4, 20)
    assert torch.allclose(view.z_of(there, opened.generator), z + torch.lerp(centres[2], centres[0], 0.25))
    around = view.neighbours_z(there, opened.generator)
    assert torch.equal(around[0], view.z_of(there, opened.generator))
    assert torch.allclose(view.z_of(there.gone_to(5), opened.generator), around[5], atol=1e-6)
    # a given z has been moved already; other models and classes beyond those of this one leave the seed's own
    assert "class" not in view.facts_of(given, KNOWS) and view.facts_of(View(4, label=3, toward=9), KNOWS)["seed"] == 4
    assert not {"class", "toward", "share"} & {*view.facts_of(View(4, label=3, toward=9), KNOWS)}
    assert not {"class", "toward", "share"} & {*view.facts_of(there, CONFIG)}
    assert torch.equal(view.z_of(View(4, label=7), opened.generator), view.z_of(View(4), opened.generator))
    names = [downloads.shown_in_name(each, KNOWS) for each in (there, View(4), View(4, label=9), given)]
    assert names == ["seed-4-mouse", "seed-4", "seed-4", "seed-0"]
    # samples: a seed as it is, or where it lies; a sample's file names its class
    token = samples.token_of(there, opened.generator)
    assert token[0] == "z" and samples.token_of(View(4), opened.generator) == "4"
    placed = samples.z_of_tokens([token, "4"], opened.generator)
    assert torch.allclose(placed[0], view.z_of(there, opened.generator), atol=5e-3)
    assert torch.equal(placed[1], view.z_of(View(4), opened.generator))
    assert restore.view_of({"seed": 4, "n": 9, "class": "Mouse"}, KNOWS.names_of_classes) == View(4, label=2)
    assert restore.view_of({"seed": 4, "n": 4, "columns": 2, "rows": [1, 0]}) == View(4, label=1)
    with pytest.raises(BadInput, match="'toward'"):
        restore.view_of({"seed": 4, "toward": "x"})


def test_open_at_says_where_weights_come_from_and_follows_a_newer_file(run):
    newest, kept = loading.open_at(run), loading.open_at(run, 50)
    assert (newest.step, kept.step) == (100, 50) and newest.weights_hash != kept.weights_hash
    assert loading.open_at(run) is newest
    publish(run.generator_path, generator_bytes(tiny(7), 120))
    assert loading.open_at(run).step == 120 and loading.generator_of(run) is not newest.generator


# -- pages


@pytest.mark.parametrize("page", ["explore", "interpolate"])
def test_without_runs_the_page_shows_the_way(page, tmp_path, monkeypatch):
    monkeypatch.setenv("DCGAN_ROOT", str(tmp_path / "nothing"))
    app = visit(page)
    assert any("No generator yet" in item.value for item in app.subheader)


@pytest.mark.parametrize("page", ["explore", "interpolate"])
def test_a_damaged_generator_is_one_sentence(page, run):
    publish(run.generator_path, b"not a generator")
    app = AppTest.from_file(APP, default_timeout=SECONDS).switch_page(f"pages/latent/{page}.py").run()
    assert not app.exception and len(app.error) == 1
    assert "readable" in app.error[0].value


def laboratory(app: AppTest) -> dict:
    """What the page gives the live component."""
    (proto,) = [item.proto for item in app.get("bidi_component") if item.proto.component_name == "latent_lab"]
    return json.loads(proto.json)


def say(app: AppTest, **message: object) -> AppTest:
    """Answer as the browser does when a hand lets go."""
    number = app.session_state["explore-heard"] + 1
    app.session_state["explore-lab"] = {"message": {"seq": number, **message}}
    return healthy(app.run())


def test_explore_gives_the_browser_the_model_and_the_named_axes_or_raw_numbers(run):
    app = visit("explore")
    assert app.title[0].value == "Explore"
    assert url(app) == {"run": "little-one", "seed": "0"}
    given, opened = laboratory(app), loading.open_at(run)
    assert given["model"] == opened.weights_hash and given["params"] == {"seed": "0"}
    assert (given["facts"]["run"], given["facts"]["step"]) == ("little-one", 100)
    assert given["facts"]["axes"]["kind"] == "named" and not given["facts"]["dims"]  # nobody waits for raw numbers
    say(app, axes="dimensions")
    assert [tuple(pair) for pair in laboratory(app)["facts"]["dims"]] == influence.ranked_dims(opened.generator)
    (courier,) = [i.proto for i in app.get("bidi_component") if i.proto.component_name == "latent_courier"]
    assert courier.bytes.endswith(pack(opened.generator))


def test_explore_restores_a_url(run):
    params = {"seed": "7", "step": "50", "truncation": "0.7", "distance": "60", "walk": "40.3.2"}
    params |= {"sliders": "2~0.5", "locked": "2"}
    app = visit("explore", **params)
    assert url(app) == params | {"run": "little-one", "axes": "dimensions"}  # those whose slider was moved
    shown = {name: text for name, text in params.items() if name != "step"}
    assert laboratory(app)["params"] == shown and laboratory(app)["facts"]["step"] == 50
    assert app.select_slider[0].value == 50


def test_what_the_hand_did_reaches_the_url_once(run):
    app = visit("explore", axes="dimensions")
    say(app, params={"seed": "12", "sliders": "3~1.5", "locked": "3"}, page=1)
    moved = {"run": "little-one", "axes": "dimensions", "dims": "2"}
    assert url(app) == moved | {"seed": "12", "sliders": "3~1.5", "locked": "3"}
    assert laboratory(app)["seq"] == 1 and laboratory(app)["page"] == 1
    app.session_state["explore-lab"] = {"message": {"seq": 1, "params": {"seed": "99"}}}  # read before
    assert url(healthy(app.run()))["seed"] == "12"
    say(app, params={"seed": "5"})
    assert url(app) == moved | {"seed": "5"}


def test_favourites_are_kept_and_lead_back_to_their_run_and_step(run):
    app = visit("explore", seed="3")
    kept = [{"run": "little-one", "step": 50, "params": {"seed": "4"}}, {"run": "gone", "step": 0, "params": {}}]
    say(app, favourites=kept)
    assert app.session_state["explore-shelf"] == [Kept("little-one", 50, View(4)), Kept("gone", 0, View())]
    assert laboratory(app)["favourites"][0] == kept[0]
    say(app, goto=0)
    assert url(app) == {"run": "little-one", "seed": "4", "step": "50", "measured": "100"}  # its axes stay the visit's
    say(app, goto=1)
    assert url(app)["run"] == "little-one" and "gone" in app.toast[0].value


def test_dimensions_are_measured_again_on_request(run):
    app = visit("explore", axes="dimensions")
    app.session_state["explore-dims"] = ("little-one", [(4, 1.0)], 7)
    say(app, measure=True)
    assert len(laboratory(app)["facts"]["dims"]) == 20


things = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8), lambda inner: (
    st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["seed", "run", "step", "params", "sliders"]), inner)
))  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["seq", "params", "page", "favourites", "goto", "measure"]), things) | things)
def test_a_browser_may_say_anything(value):
    message = live.read(value)
    if message is not None:
        assert message.view is None or torch.isfinite(view.z_of(message.view, PLAIN)).all()
        assert all(kept.step >= 0 for kept in message.favourites or [])


def test_explore_takes_a_step_and_forgets_it_at_the_newest(run):
    app = visit("explore")
    healthy(app.select_slider[0].set_value(0).run())
    assert url(app)["step"] == "0"
    healthy(app.select_slider[0].set_value(100).run())
    assert "step" not in url(app)


def test_the_exported_page_starts_where_the_view_is(run):
    page = downloads.explorer_of(run, loading.open_at(run), View(4, truncation=0.5), "dimensions", {})
    assert '"params": {"seed": "4", "truncation": "0.5"}' in page and "little one" in page


@pytest.mark.parametrize("page", ["explore", "interpolate"])
def test_odd_urls_are_ignored(page, run):
    odd = {"run": "../../etc", "step": "9e9", "seed": "-1", "walk": "1.2", "sliders": "zz~1_3~nan", "truncation": "inf"}
    odd |= {"dims": "999", "seeds": "1_x", "frames": "-3", "loop": "?", "fps": "0", "mode": "teleport"}
    app = visit(page, **odd, corners="1", n="99", view="?")
    assert url(app)["run"] == "little-one" and "step" not in url(app) and "truncation" not in url(app)


def test_the_run_stays_chosen_from_page_to_page(run):
    other = Run.create(CONFIG, name="other")
    publish(other.generator_path, generator_bytes(tiny(5), 1))
    app = visit("explore", run="little-one")
    app.switch_page("pages/latent/interpolate.py")
    app.query_params.clear()
    assert url(healthy(app.run()))["run"] == "little-one"


def test_the_film_of_training_is_handed_over_and_a_moment_can_be_kept(run):
    app = visit("explore", seed="3", axes="dimensions")
    say(app, film=True)
    assert laboratory(app)["film"] == "little-one 0 50 100"
    (film,) = [item.proto for item in app.get("bidi_component") if item.proto.component_name == "latent_film"]
    generators = [loading.open_at(run, step).generator for step in (0, 50, 100)]
    assert film.bytes.endswith(b"".join(map(pack, generators)))
    dims = laboratory(app)["facts"]["dims"]
    say(app, step=50)
    assert url(app) == {"run": "little-one", "seed": "3", "step": "50", "axes": "dimensions"}
    assert laboratory(app)["facts"]["dims"] == dims  # the sliders stay in their places
    say(app, film=False)
    assert laboratory(app)["film"] is None


def test_a_film_stays_in_bounds_with_its_first_and_last_step(monkeypatch):
    monkeypatch.setattr(live, "MAX_FILM_BYTES", 1000)
    steps = list(range(0, 900, 10))
    few = live.moments_of(steps, 250)
    assert len(few) == 4 and (few[0], few[-1]) == (0, 890)
    assert live.moments_of(steps, 1) == tuple(steps) and live.moments_of(steps, 10**9) == (0, 890)


def test_the_films_file_goes_through_the_steps_with_its_recipe(run):
    data = downloads.film_file(run, [0, 50, 100], View(4), factor=2)
    with Image.open(io.BytesIO(data)) as film:
        assert film.n_frames >= 3 and film.size == (32, 32)
    assert embedded.read_recipe(data)["steps"] == [0, 50, 100]


def test_exploring_adds_what_axes_mean_to_the_run_and_changes_nothing_else(run):
    def contents() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in sorted(run.path.rglob("*")) if path.is_file()}

    before = contents()
    app = visit("explore")
    for message in ({"params": {"seed": "8", "sliders": "3~1"}}, {"film": True}, {"step": 50}, {"measure": True}):
        say(app, **message)
    downloads.film_file(run, [0, 50], View(4))
    assert {path: data for path, data in contents().items() if "/axes/" not in path} == before
    assert {path.name.rpartition("-")[2] for path in (run.path / "axes").iterdir()} == {"named.json"}


# -- axes


def along(run: Run, kind: str) -> dict:
    """Axis -> what one standard deviation along it adds to z, as the page has it."""
    opened = loading.open_at(run)
    return {axis.id: axis.direction for axis in axes_of(opened.generator, kind)}


def test_sliders_of_axes_add_to_z_after_dimensions_are_set(run):
    directions = along(run, "components")
    there = View(4).moved("c2", 1.5).moved(3, 2.0).moved("c10", -1.0).moved("c2", 1.0)
    assert there.sliders == ((3, 2.0), ("c2", 1.0), ("c10", -1.0))
    assert View.from_params({k: v for k, v in there.params().items() if v}) == there
    expected = moves.apply_offsets(seeds.z_from_seed(4, 20), {3: 2.0}) + directions["c2"] - directions["c10"]
    assert torch.allclose(view.z_of(there, PLAIN, directions=directions), expected, atol=2e-6)
    assert torch.equal(view.z_of(there, PLAIN), view.z_of(View(4, sliders=((3, 2.0),)), PLAIN))  # of no known axis
    uniform = view.z_of(View(4, sliders=(("c1", 3.0),)), Generator(CONFIG.replace(z_prior="uniform")), directions)
    assert uniform.abs().max() <= 1


def test_a_picture_made_along_axes_can_be_made_again_from_its_recipe_alone(run):
    opened, there = loading.open_at(run), View(4, sliders=((3, 2.0), ("c2", 1.5), ("w1", -0.5)), truncation=0.8)
    directions = along(run, "components") | along(run, "weights")
    data = downloads.png_of(run, opened, there, directions=directions)
    recipe = embedded.read_recipe(data)
    assert recipe["sliders"] == {"3": 2.0, "c2": 1.5, "w1": -0.5}
    z = moves.apply_offsets(seeds.z_from_seed(recipe["seed"], 20), {3: recipe["sliders"]["3"]})
    z = moves.truncate(z + torch.tensor(recipe["offset"]), recipe["truncation"])
    with Image.open(io.BytesIO(data)) as picture:
        assert np.array_equal(render(opened.generator, z[None])[0], np.asarray(picture))
    assert "offset" not in embedded.read_recipe(downloads.png_of(run, opened, View(4), directions=directions))


def test_axes_are_worked_out_when_they_are_asked_for_and_named_in_the_url(run):
    app = visit("explore")
    assert "axes" not in url(app)
    facts = laboratory(app)["facts"]["axes"]
    assert facts["kind"] == "named" and list(facts["rows"]) == ["named"]
    say(app, params={"seed": "4", "sliders": "w3~1.5", "locked": "w3"}, axes="components")
    assert url(app) == {
        "run": "little-one", "seed": "4", "axes": "components", "sliders": "w3~1.5", "locked": "w3",
    }  # fmt: skip
    facts = laboratory(app)["facts"]["axes"]
    rows = facts["rows"]["components"]
    assert len(rows) == 20 and [row[2] for row in rows] == sorted((row[2] for row in rows), reverse=True)
    assert set(facts["directions"]) == {row[0] for row in rows} | {"w3"}  # and what is moved of another kind
    vector = np.frombuffer(base64.b64decode(facts["directions"]["w3"]), np.float32)
    assert np.allclose(vector, along(run, "weights")["w3"], atol=1e-6)


def test_axes_stay_those_of_the_step_they_were_measured_at(run):
    app = visit("explore", axes="components", sliders="c1~1", seed="4")
    before = laboratory(app)["facts"]["axes"]
    say(app, step=50)
    assert laboratory(app)["facts"]["axes"] == before and laboratory(app)["facts"]["measured"] == "at step 100"
    there = url(app)
    assert there["step"] == "50" and there["measured"] == "100"
    assert laboratory(visit("explore", **there))["facts"]["axes"] == before  # the address alone leads back
    say(app, measure=True)
    assert laboratory(app)["facts"]["axes"] != before and "measured" not in url(app)


def test_kinds_of_axes_are_offered_and_odd_ones_in_the_url_mean_the_named(run):
    app = visit("explore", axes="moods")
    facts = laboratory(app)["facts"]["axes"]
    assert [kind for kind, *_ in facts["kinds"]] == ["named", "components", "weights", "random", "dimensions"]
    assert [label for _, label, _ in facts["kinds"]][-1] == "Raw numbers"
    assert "axes" not in url(app) and facts["kind"] == "named"


def test_a_model_that_no_word_moves_opens_on_components(run):
    generator = loading.open_at(run).generator
    kept_axes._keep(run, generator, "named", judge_of(run.config), [])
    facts = laboratory(visit("explore"))["facts"]["axes"]
    assert facts["kind"] == "components" and facts["rows"]["components"]
    assert "named" not in [kind for kind, *_ in facts["kinds"]]


def test_the_exported_page_has_all_axes_those_of_the_visit_first(run):
    app = visit("explore", axes="weights", sliders="c1~1")
    shown, opened = laboratory(app)["facts"]["axes"], loading.open_at(run)
    judge = judge_of(run.config)
    mine = {kind: axes_of(opened.generator, kind, judge) for kind in ("components", "weights")}
    page = downloads.explorer_of(run, opened, View(4, sliders=(("c1", 1.0),)), "weights", mine)
    start = json.loads(page.partition('type="application/json">')[2].partition("</script>")[0])
    assert start["params"] == {"seed": "4", "sliders": "c1~1"}
    inside = start["facts"]["axes"]
    assert inside["kind"] == "weights" and inside["rows"]["weights"] == shown["rows"]["weights"]
    assert shown["directions"].items() <= inside["directions"].items()
    full = {"dimensions", *inside["rows"]}
    assert inside["kinds"] == [words for words in shown["kinds"] if words[0] in full] and len(full) == 5
    page = exported(opened.generator, run.name, ".html", run).decode()
    command = json.loads(page.partition('type="application/json">')[2].partition("</script>")[0])
    assert command["facts"]["axes"] == inside | {"kind": "named"}  # what the command line writes
    assert command["learned"]["steps"] == [0, 50, 100]


# -- pictures with recipes


def drop(app: AppTest, name: str, content: bytes) -> AppTest:
    """Answer as the browser does when a picture is dropped."""
    number = app.session_state["explore-open-taken"] + 1 if "explore-open-taken" in app.session_state else 1
    picture = {"name": name, "data": base64.b64encode(content).decode(), "number": number}
    app.session_state["explore-open"] = {"picture": picture}
    return app.run()


def test_a_dropped_picture_brings_its_view_back(run):
    there = View(4, (Hop(30, 9, 2),), ((1, 0.25), ("c1", 1.5)), 0.8)
    opened = loading.open_at(run, 50)
    along = {axis.id: axis.direction for axis in axes_of(opened.generator, "components")}
    first = downloads.png_of(run, opened, there, 4, along, 50)
    app = healthy(drop(visit("explore"), "a.png", first))
    shown = {name: text for name, text in there.params().items() if text}
    assert url(app) == shown | {"run": "little-one", "step": "50", "axes": "components"}
    assert "seed 4 of little-one at step 50" in app.toast[0].value.replace("\\", "")
    now = app.session_state["explore-view"]
    assert downloads.png_of(run, opened, now, 4, axes_along(app, run, opened), 50) == first


def axes_along(app: AppTest, run: Run, opened) -> dict:
    """The directions that the visit's measured axes stand for."""
    measured = app.session_state["explore-axes"][run.id, "components"]
    return {axis.id: axis.direction for axis in measured.axes}


def test_a_picture_whose_axes_are_others_here_says_so(run):
    opened = loading.open_at(run)
    along = {"c1": torch.ones(20)}
    app = drop(visit("explore"), "a.png", downloads.png_of(run, opened, View(4, sliders=(("c1", 1.0),)), 1, along, 100))
    assert not app.exception and "can't be found again" in app.error[0].value.replace("\\", "")


def test_a_picture_of_weights_that_are_gone_offers_the_nearest(run):
    content = downloads.png_of(run, loading.open_at(run), View(4))
    for path, half in ((run.generator_path, False), (run.snapshot_path(120), True)):  # it has learned on
        publish(path, generator_bytes(tiny(7), 120, half))
    app = drop(visit("explore", seed="9"), "a.png", content)
    assert len(app.error) == 1 and "take step 100 instead" in app.error[0].value.replace("\\", "")
    assert url(app)["seed"] == "9"
    healthy(app.button[0].click().run())
    assert url(app)["seed"] == "4" and url(app)["step"] == "100"


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "not a PNG"), (b"GIF89a", "carries no recipe"), (encode.png_bytes(np.zeros((2, 2), np.uint8)), "no recipe")],
)
def test_a_picture_that_is_none_of_ours_is_one_sentence(run, content, words):
    app = drop(visit("explore", seed="9"), "<b>a</b>.png", content)
    assert not app.exception and len(app.error) == 1 and words in app.error[0].value.replace("\\", "")
    assert url(app)["seed"] == "9"
    healthy(next(button for button in app.button if button.label == "Dismiss").click().run())


@settings(max_examples=100, deadline=None)
@given(things | st.dictionaries(st.sampled_from(["name", "data", "large"]), things | st.text(max_size=9)))
def test_a_browser_may_send_anything_as_a_picture(value):
    try:
        found = reading.read(value)
    except BadInput as error:
        assert "MB" in str(error)
    else:
        assert found is None or isinstance(found.content, bytes)


@pytest.mark.parametrize("name", ["a.gif", "b.webp", "c.png"])
def test_a_morphs_file_leads_to_interpolate(run, name):
    recipe = {"run": run.id, "step": 100, "weights_hash": loading.open_at(run).weights_hash, "truncation": 0.5}
    recipe |= {"seeds": [3, 1, 4], "mode": "even", "frames": 12, "loop": False, "fps": 9.0}
    found = restore.target_of(recipe)
    assert found.page == "interpolate" and found.params["run"] == "little-one"
    walk = Morph.from_params(found.params)
    assert (list(walk.seeds), walk.mode, walk.frames, walk.loop, walk.fps, walk.truncation) == (
        [3, 1, 4], "even", 12, False, 9, 0.5,
    )  # fmt: skip
    with pytest.raises(BadInput, match="--recipe"):
        restore.target_of(recipe | {"frames": 500})
    square = restore.target_of(
        {k: recipe[k] for k in ("run", "step", "weights_hash")} | {"corners": [1, 2, 3, 4], "n": 5}
    )
    assert square.page == "interpolate" and Corners.from_params(square.params) == Corners((1, 2, 3, 4), 5)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["run", "step", "seed", "walk", "sliders", "truncation", "offset", "n"]), things)
)
def test_any_recipe_leads_somewhere_or_is_refused(recipe):
    model = restore.Model(Run("nowhere"), None)
    try:
        found = restore.target_of(recipe, model=model)
    except BadInput:
        return
    assert found.view is None or View.from_params(found.params) == found.view


def test_a_sheet_of_favourites_fills_the_shelf_again(run):
    other = Run.create(CONFIG.replace(image_size=32, channels=3), name="other")
    publish(other.generator_path, generator_bytes(tiny(5, other.config), 1))
    opened = loading.open_at(run)
    known = {("little-one", "components"): visit_axes.Measured(100, axes_of(opened.generator, "components"))}
    shelf = [
        Kept("little-one", 50, View(4)),
        Kept("other", 1, View(7)),
        Kept("little-one", 100, View(1, (), (("c1", 2.0),))),
    ]
    sheet = favourites.sheet_of(shelf, known)
    recipe = embedded.read_recipe(sheet)
    assert recipe and len(recipe["favourites"][2]["offset"]) == 20
    assert redraw.redrawn(recipe, ".png")[0] == sheet
    app = healthy(drop(visit("explore"), "favourites.png", sheet))
    assert app.session_state["explore-shelf"] == shelf
    other.delete()
    app = healthy(drop(visit("explore"), "favourites.png", sheet))
    assert app.session_state["explore-shelf"] == [shelf[0], shelf[2]] and "1 more" in app.toast[0].value
