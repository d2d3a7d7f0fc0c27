"""The panels under Explore: a picture of yours, A - B + C, likes; and the samples that they share."""

import io
import json
import threading
import time

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from dcgan.data import sources
from dcgan.errors import BadInput
from dcgan.images import embedded
from dcgan.latent import projection, seeds
from dcgan.latent.arithmetic import combine
from dcgan.latent.codes import code_of
from dcgan.latent.liked_axis import direction
from dcgan.latent.render import render
from dcgan.networks.models import Generator
from dcgan.runs.run import Run
from pages.common import loading
from pages.common.jobs import Job
from pages.latent import downloads, samples, view
from pages.latent.view import Hop, View
from tests.pages.latent_pages import PLAIN
from tests.pages.test_latent import CONFIG, healthy, laboratory, run, url, visit  # noqa: F401 (run is a fixture)

Z = code_of(seeds.z_from_seed(77, 20))


@pytest.fixture(autouse=True)
def quick_search(monkeypatch, tmp_path):
    monkeypatch.setattr(projection, "PLAN", projection.Plan(8, ((1, 2),), 1))
    monkeypatch.setattr(projection, "NUM_HELD_OUT", 2)
    monkeypatch.setattr(sources, "DATA_DIR", tmp_path / "data")


def mark(app: AppTest, wall: str, **marks: str | None) -> AppTest:
    """Put marks on a wall as the browser does."""
    seq = app.session_state[f"{wall}-heard"] + 1 if f"{wall}-heard" in app.session_state else 1
    app.session_state[wall] = {"message": {"seq": seq, "marks": {name.lstrip("s"): m for name, m in marks.items()}}}
    return healthy(app.run())


def tiles(app: AppTest, wall: str) -> dict:
    """The header of what a wall is given."""
    found = [i.proto for i in app.get("bidi_component") if i.proto.component_name == "picture_wall"]
    (proto,) = [proto for proto in found if wall in proto.id]
    length = int.from_bytes(proto.bytes[:4], "little")
    return json.loads(proto.bytes[4 : 4 + length])


def press(app: AppTest, key: str) -> AppTest:
    return healthy(app.button(key=key).click().run())


# -- a given z as the start of a view


def test_a_given_z_takes_the_place_of_the_seeds_and_survives_the_url():
    there = View(z=Z, hops=(Hop(40, 3, 2),), sliders=((2, 0.5),), truncation=0.8)
    assert View.from_params({k: v for k, v in there.params().items() if v}) == there
    plain = view.z_of(View(z=Z), PLAIN)
    assert torch.allclose(plain, seeds.z_from_seed(77, 20), atol=2e-3)
    assert torch.allclose(view.z_of(there, PLAIN)[2], torch.tensor(0.4))
    other = CONFIG.replace(z_dim=21)  # the code has other dimensions
    assert torch.equal(view.z_of(View(5, z=Z), Generator(other)), seeds.z_from_seed(5, 21))
    assert View.from_params({"z": "no z at all"}) == View()


def test_the_recipe_of_a_given_z_holds_it(run):  # noqa: F811
    opened = loading.open_at(run)
    data = downloads.png_of(run, opened, View(z=Z))
    z = projection.z_of_code(embedded.read_recipe(data)["z"])
    with Image.open(io.BytesIO(data)) as picture:
        assert np.array_equal(render(opened.generator, z[None])[0], np.asarray(picture))


# -- samples


def test_samples_are_seeds_or_codes():
    assert samples.token_of(View(12, distance=60, around=4), PLAIN) == "12"
    walked = samples.token_of(View(12, (Hop(40, 3, 2),)), PLAIN)
    assert walked[0] == "z" and samples.read(f"12.{walked}.12.x.-1.007.99999999999") == ["12", walked]
    z = samples.z_of_tokens(["12", walked], PLAIN)
    assert torch.equal(z[0], seeds.z_from_seed(12, 20)) and samples.z_of_tokens([], PLAIN).shape == (0, 20)
    assert torch.allclose(z[1], view.z_of(View(12, (Hop(40, 3, 2),)), PLAIN), atol=2e-3)
    assert samples.fitting(["12", walked], CONFIG.replace(z_dim=9)) == ["12"]
    assert samples.read(samples.written(["3", f"z{Z}"]) or "") == ["3", f"z{Z}"] and samples.written([]) is None


@given(st.text(max_size=60))
def test_any_text_gives_samples_that_can_be_drawn(text):
    assert torch.isfinite(samples.z_of_tokens(samples.fitting(samples.read(text), CONFIG), PLAIN)).all()


# -- A - B + C


def test_the_sum_of_a_url_is_drawn_and_explored(run):  # noqa: F811
    picked = {"a": "1.2.3", "b": f"4.z{Z}", "c": "9"}
    app = visit("explore", panel="arithmetic", **picked)
    assert {**picked, "panel": "arithmetic"}.items() <= url(app).items()
    press(app, "arithmetic-go-result")
    groups = [samples.z_of_tokens(samples.read(text), PLAIN) for text in picked.values()]
    assert url(app)["z"] == laboratory(app)["params"]["z"] == code_of(combine(*groups))
    press(app, "arithmetic-go-A")
    assert url(app)["z"] != code_of(combine(*groups)) and picked.items() <= url(app).items()


def test_samples_are_put_into_groups_and_taken_out(run):  # noqa: F811
    app = visit("explore", panel="arithmetic", seed="5")
    assert [tile["id"] for tile in tiles(app, "arithmetic-pool")["tiles"]] == [str(i) for i in range(24)]
    mark(app, "arithmetic-pool", s3="A", s4="A", s5="B")
    assert (url(app)["a"], url(app)["b"]) == ("3.4", "5") and "c" not in url(app)
    with pytest.raises(KeyError):
        app.button(key="arithmetic-go-result")
    assert [tile["id"] for tile in tiles(app, "arithmetic-picked")["tiles"]] == ["3", "4", "5"]
    mark(app, "arithmetic-picked", s3="C", s4=None, s5="B")
    assert (url(app)["b"], url(app)["c"]) == ("5", "3") and "a" not in url(app)
    app.session_state["arithmetic-pool"] = {"message": {"seq": 9, "marks": {"<b>": "A", "7": "Z", "8": ["A"]}}}
    assert "a" not in url(healthy(app.run()))
    press(app, "arithmetic-others")
    assert tiles(app, "arithmetic-pool")["tiles"][0] == {"id": "24", "name": "seed 24"}
    press(app, "arithmetic-empty")
    assert not {"a", "b", "c"} & set(url(app))


def test_favourites_and_neighbours_can_be_picked(run):  # noqa: F811
    app = visit("explore", panel="arithmetic", seed="5")
    healthy(app.segmented_control(key="arithmetic-source").set_value("Neighbours").run())
    around = tiles(app, "arithmetic-pool")["tiles"]
    assert len(around) == 13 and around[0] == {"id": "5", "name": "the picture above"}
    expected = code_of(view.neighbours_z(View(5), PLAIN)[4])
    assert around[4] == {"id": f"z{expected}", "name": "neighbour 4"}
    healthy(app.segmented_control(key="arithmetic-source").set_value("Favourites").run())
    assert "Keep" in app.info[0].value
    kept = {"run": "little-one", "step": 50, "params": {"seed": "4", "sliders": "w3~1.5"}}
    app.session_state["explore-lab"] = {"message": {"seq": 1, "favourites": [kept]}}
    healthy(app.run())
    (tile,) = tiles(app, "arithmetic-pool")["tiles"]
    z = samples.z_of_tokens([tile["id"]], PLAIN)[0]
    assert (z - seeds.z_from_seed(4, 20)).norm() == pytest.approx(1.5, abs=0.01)  # its axis was measured


# -- likes


def test_likes_make_an_axis_once_there_are_enough(run):  # noqa: F811
    app = visit("explore", panel="likes")

    def kinds() -> list[str]:
        return [kind for kind, *_ in laboratory(app)["facts"]["axes"]["kinds"]]

    mark(app, "likes-pool", s1="like", s2="like", s4="dislike")
    said = [caption.value for caption in app.caption]
    assert "Mark 1 more that you like and 2 more that you dislike: a direction needs at least 3 of each." in said
    assert "liked" not in kinds()
    mark(app, "likes-pool", s1="like", s2="like", s3="like", s4="dislike", s5="dislike", s6="dislike")
    assert "liked" in kinds() and (url(app)["liked"], url(app)["disliked"]) == ("1.2.3", "4.5.6")
    press(app, "likes-use")
    assert url(app)["axes"] == "liked"
    facts = laboratory(app)["facts"]["axes"]
    assert [row[:2] for row in facts["rows"]["liked"]] == [["l1", "toward what you like"]]
    before = facts["directions"]["l1"]
    z = seeds.z_from_seeds(range(1, 7), 20)
    expected = direction(loading.open_at(run).generator, z[:3], z[3:])
    import base64

    assert np.allclose(np.frombuffer(base64.b64decode(before), np.float32), expected, atol=1e-6)

    again = visit("explore", **url(app), sliders="l1~1.5")  # the address alone leads back
    assert laboratory(again)["facts"]["axes"]["directions"]["l1"] == before
    mark(app, "likes-picked", s9="like")
    assert laboratory(app)["facts"]["axes"]["directions"]["l1"] != before
    press(app, "likes-empty")
    assert "liked" not in kinds() and not {"axes", "liked", "disliked"} & set(url(app))


# -- a picture of yours


def upload(app: AppTest, content: bytes, name: str = "mine.png") -> AppTest:
    app.file_uploader(key="project-file").upload(name, content, "image/png")
    return app.run()


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def test_an_upload_becomes_the_picture(run):  # noqa: F811
    app = visit("explore", panel="project", seed="5", distance="60")
    healthy(upload(app, png(np.full((50, 40), 255, np.uint8))))
    press(app, "project-start")
    search = app.session_state["explore-search"]
    for _ in range(2):  # the search, then those of held-out pictures
        search.job.wait(SECONDS)
        if search.beside:
            search.beside.wait(SECONDS)
        healthy(app.run())
    found = search.job.result
    assert (url(app)["z"], url(app)["distance"]) == (code_of(found.z), "60")
    said = " ".join(item.value for item in app.markdown)
    assert f"{found.distance:.1f} grey levels away" in said and "of 2 held-out real pictures" in said
    assert "seed=5" not in url(app) and not search.running
    app.session_state["explore-lab"] = {"message": {"seq": 1, "params": {"seed": "8"}}}
    assert "z" not in url(healthy(app.run()))
    press(app, "project-go")
    assert url(app)["z"] == code_of(found.z)


SECONDS = 120


def test_a_search_that_ends_while_the_page_is_drawn_gives_its_button_back(run, monkeypatch):  # noqa: F811
    app = healthy(upload(visit("explore", panel="project"), png(np.full((50, 40), 255, np.uint8))))
    press(app, "project-start")
    search = app.session_state["explore-search"]
    search.job.wait(SECONDS)
    healthy(app.run())
    search.beside.wait(SECONDS)
    answers = iter([True])
    monkeypatch.setattr(Job, "running", property(lambda job: next(answers, False)))
    assert not app.run().button(key="project-start").disabled


def test_a_bad_upload_is_refused_in_one_sentence(run):  # noqa: F811
    app = upload(visit("explore", panel="project"), b"<html>")
    assert not app.exception and len(app.error) == 1 and "mine" in app.error[0].value
    with pytest.raises(KeyError):
        app.button(key="project-start")


def test_a_light_background_is_swapped_by_itself_with_a_way_back_that_stays(run, monkeypatch):  # noqa: F811
    dark = np.zeros((24, 16, 16), np.uint8)  # what the model draws: things on black
    dark[:, 5:11, 5:11] = 200
    monkeypatch.setattr(samples, "pictures_of", lambda opened, those: dark[: len(those)])

    def swapped(app: AppTest) -> bool:
        return bool(app.toggle(key="project-inverted").value)

    on_white, on_black = np.full((60, 60), 250, np.uint8), np.full((60, 60), 5, np.uint8)
    on_white[20:40, 20:40], on_black[20:40, 20:40] = 60, 200
    app = healthy(upload(visit("explore", panel="project"), png(on_white)))
    assert swapped(app) and any("Swapped: its background is light" in caption.value for caption in app.caption)
    press(app, "project-unswap")
    assert not swapped(app) and any("Not swapped" in caption.value for caption in app.caption)
    assert not swapped(healthy(app.run()))
    with pytest.raises(KeyError):
        app.button(key="project-unswap")
    app.file_uploader(key="project-file").set_value(("other.png", png(on_white), "image/png"))
    assert swapped(healthy(app.run()))  # another upload is looked at anew
    app.file_uploader(key="project-file").set_value(("dark.png", png(on_black), "image/png"))
    assert not swapped(healthy(app.run())) and not any("wapped" in caption.value for caption in app.caption)


def test_work_beside_the_page_can_be_stopped_and_tells_its_troubles():
    begun, go_on = threading.Event(), threading.Event()

    def work(tick):
        tick(0.25, "Thinking")
        begun.set()
        go_on.wait(10)
        tick(0.5, "Thinking on")
        return 42

    job = Job(work)
    begun.wait(10)
    assert job.running and (job.share, job.doing, job.result) == (0.25, "Thinking", None)
    job.stop()
    go_on.set()
    job.wait(10)
    assert not job.running and job.result is None and job.error is None and job.share == 0.25
    done = Job(work)
    done.wait(10)
    assert done.result == 42

    def refuse(tick):
        raise BadInput("No.")

    def break_down(tick):
        raise ZeroDivisionError

    for broken, words in ((refuse, "No."), (break_down, "our mistake")):
        job = Job(broken)
        job.wait(10)
        assert words in str(job.error)


def test_two_visitors_search_at_the_same_time(run: Run):  # noqa: F811
    generator = loading.open_at(run).generator
    targets = render(generator, seeds.z_from_seeds([501, 502], 20))
    begun = time.monotonic()
    jobs = [Job(lambda tick, t=t: projection.project(generator, t, lambda share: tick(share, ""))) for t in targets]
    for job in jobs:
        job.wait(SECONDS)
    assert all(job.result is not None for job in jobs) and time.monotonic() - begun < SECONDS
