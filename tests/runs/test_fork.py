"""A fork goes on from a kept state: unchanged it equals its parent bit for bit, changed it says in what."""

import json
import os
import shutil
import threading

import numpy as np
import pytest
import torch
from PIL import Image

from dcgan.config import Config
from dcgan.data.dataset import load_for
from dcgan.errors import BadInput
from dcgan.networks.generator_file import weights_hash
from dcgan.runs import fork as forking
from dcgan.runs import kept_states, live_settings
from dcgan.runs.checkpoint import load_state
from dcgan.runs.fork import family, fork
from dcgan.runs.records import Parent
from dcgan.runs.run import Run, list_runs
from dcgan.system import files
from dcgan.training.gan import GAN
from dcgan.training.growing import grow
from tests.files import refuse, write_pictures
from tests.training.test_gan import assert_same
from tests.training.test_loop import assert_same_end, curves, play, play_to


@pytest.fixture
def parent(root, tiny) -> Run:
    """A finished run that kept the states of steps 0, 4, 8 and 12."""
    run = Run.create(tiny.replace(checkpoint_seconds=0.0, sample_every=4), root / "a", "same")
    play(run)
    for step in set(run.kept_states()) - {0, 4, 8, 12}:
        run.kept_state_path(step).unlink()
    run.previous_state_path.unlink()
    return run


def moved(run: Run, place) -> Run:
    """The run under the same id in a root of its own, so that recipes in pictures are equal, too."""
    (place / "same").parent.mkdir(exist_ok=True)
    return Run(shutil.move(run.path, place / "same"))


@pytest.mark.parametrize("step", [0, 4, 8])
def test_an_unchanged_fork_equals_its_parent_bit_for_bit(parent, root, step):
    made = moved(fork(parent, step, {}), root / "b")
    assert made.config == parent.config and made.status().step == step and made.status().state == "created"
    assert curves(made) == {at: point for at, point in curves(parent).items() if at <= step}
    assert made.samples() == made.snapshots() == [kept for kept in (0, 4, 8) if kept <= step]
    assert play(made).state == "finished"
    assert_same_end(made, parent)
    assert weights_hash(load_state(made)["gan"]["G"]) == weights_hash(load_state(parent)["gan"]["G"])
    assert made.kept_states()[0] == step and made.kept_states()[-1] == 12


def test_a_fork_can_be_stopped_and_resumed_as_exactly(parent, root):
    made = moved(fork(parent, 4, {}), root / "b")
    play_to(made, 7)
    play_to(made, 12)
    assert_same_end(made, parent)


def test_a_changed_fork_says_so_and_ends_elsewhere(parent):
    made = fork(parent, 4, {"lr_g": "1e-3", "batch_size": 4}, steps=10, name="Faster")
    assert made.parent() == Parent("same", 4, made.parent().changes) and made.name == "Faster"
    for word in ("lr_g 0.001 instead of 0.0002", "batch_size 4 instead of 8", "num_steps 10 instead of 12"):
        assert word in made.parent().changes
    assert play(made).state == "finished"
    assert load_state(made)["gan"]["opt_G"]["param_groups"][0]["lr"] == 1e-3
    points = made.read_metrics()[0]
    assert [point["images"] for point in points if point["step"] in (4, 5, 10)] == [32, 36, 56]
    assert curves(made)[5] != curves(parent)[5] and curves(made)[4] == curves(parent)[4]
    assert play_to(made, 11).step == 11  # from its own state


def test_forks_are_called_after_their_parent_each_by_another_name(parent):
    parent.rename("假日的猫")
    made = [fork(parent, 4, {}) for _ in range(2)]
    assert [run.name for run in made] == ["假日的猫 from 4", "假日的猫 from 4 (2)"]


def test_every_number_of_an_optimiser_can_change(parent, root):
    made = fork(parent, 8, {"beta1": 0.1, "beta2": 0.9, "epsilon": 1e-5})
    play(made)
    group = load_state(made)["gan"]["opt_D"]["param_groups"][0]
    assert tuple(group["betas"]) == (0.1, 0.9) and group["eps"] == 1e-5


def test_the_newest_is_the_default_and_a_finished_run_needs_a_later_end(parent):
    with pytest.raises(BadInput, match=r"^num_steps is 12, but the fork begins at step 12: give it a later end\.$"):
        fork(parent, None, {})
    assert fork(parent, None, {}, steps=20).parent().step == 12
    assert fork(parent, None, {}, epochs=2).config.num_steps == 12 + 7  # 26 pictures in batches of 8
    timed = fork(parent, 4, {}, minutes=3)
    assert 3 < timed.config.num_minutes < 3.2 and timed.config.num_steps == 10**9


def test_a_run_from_before_states_were_kept_can_be_forked_at_its_end(parent):
    shutil.rmtree(parent.path / "states")
    assert list(kept_states.fork_points(parent)) == [12]
    made = fork(parent, None, {}, steps=14)
    assert play(made).step == 14 and made.kept_states() == [12, 13, 14]


def test_a_parent_whose_end_was_moved_passes_it_on(parent):
    play_to(parent, 16)
    made = fork(parent, 12, {})
    assert made.config.num_steps == 16 and play(made).step == 16
    assert curves(made) == curves(parent)


REFUSED = {
    "a wider network": ({"ngf": 8}, r"^ngf can't change in a fork \(4 to 8\): .* Start a new run instead\.$"),
    "another size": ({"image_size": 64}, "^image_size can't change"),
    "another optimiser": ({"optimizer": "rmsprop"}, "^optimizer can't change"),
    "another seed": ({"seed": 5}, "^seed can't change"),
    "a new dropout": ({"dropout": 0.3}, "^dropout can't change"),
    "nonsense": ({"lr_g": "fast"}, r"^lr_g must be a number, not 'fast'\.$"),
    "an unknown setting": ({"speed": 1}, "^'speed' is not a setting"),
    "an early end": ({"num_steps": 3}, "^num_steps is 3, but the fork begins at step 4"),
    "data that are not here": ({"data": "/nowhere"}, "^There is no data set or path '/nowhere'"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_can_not_be_forked_is_one_sentence_and_makes_nothing(parent, name):
    values, sentence = REFUSED[name]
    with pytest.raises(BadInput, match=sentence) as refused:
        fork(parent, 4, values)
    assert "\n" not in str(refused.value)
    assert os.listdir(parent.path.parent) == ["same"]


def test_a_step_that_was_not_kept_names_the_nearest(parent):
    with pytest.raises(BadInput, match=r"^step 7 of same was not kept; the nearest kept ones are 4, 8, 12\.$"):
        fork(parent, 7, {})


def test_a_run_without_any_state_is_refused(root, tiny):
    with pytest.raises(BadInput, match="kept no training state"):
        fork(Run.create(tiny, root), None, {})


def test_a_damaged_state_is_refused(parent):
    content = bytearray(parent.kept_state_path(4).read_bytes())
    middle = len(content) // 2
    content[middle : middle + 200] = bytes(b ^ 255 for b in content[middle : middle + 200])  # more than fills a gap
    parent.kept_state_path(4).write_bytes(content)
    with pytest.raises(BadInput, match="^The state that same kept at step 4 is damaged: pick another step.$"):
        fork(parent, 4, {})
    parent.kept_state_path(4).write_bytes(b"")
    with pytest.raises(BadInput):
        fork(parent, 4, {})
    assert os.listdir(parent.path.parent) == ["same"]


def test_a_fork_may_learn_from_other_pictures_and_says_so(parent, tmp_path):
    other = write_pictures(tmp_path / "other", 10)
    made = fork(parent, 4, {}, data=str(other))
    assert made.config.data == str(other) and made.config.data_fingerprint
    assert f"data {other} instead of" in made.parent().changes
    play_to(made, 6)
    assert play_to(made, 12).state == "finished"
    assert made.status().epoch == pytest.approx(8 * 8 / 10)  # of the new pictures


def test_how_many_are_held_out_goes_with_the_pictures(parent, tmp_path):
    with pytest.raises(BadInput, match="^held_out can't change in a fork"):
        fork(parent, 4, {"held_out": 3})
    other = write_pictures(tmp_path / "other", 200)
    assert fork(parent, 4, {}, data=str(other)).config.held_out == 40
    assert fork(parent, 4, {"held_out": 3}, data=str(other)).config.held_out == 3


def test_other_settings_slip_in_only_at_the_step_of_the_fork(parent):
    made = fork(parent, 4, {})
    play_to(made, 6)
    made.config_path.write_text(made.config.replace(lr_g=0.1).to_json())
    with pytest.raises(BadInput, match="^config.json of run .* has changed since its state was saved"):
        play(made)


def test_networks_of_another_size_are_refused_by_the_worker_too(parent):
    made = fork(parent, 4, {})
    made.config_path.write_text(made.config.replace(ngf=8).to_json())
    with pytest.raises(BadInput, match="^ngf can't change in a fork"):
        play(made)


def test_clothes_that_have_a_border_keep_it_when_they_are_doubled(root, tiny):
    run = Run.create(tiny.replace(data="fashion-mnist", image_size=32, num_steps=2), root / "a", "same")
    play(run)
    made = fork(run, 2, {"image_size": 64}, steps=4)
    assert made.config.crop == "pad" and "crop pad instead of square" in made.parent().changes
    small, large = (load_for(each.config).images[:100, 0].astype(float) for each in (run, made))
    halved = large.reshape(100, 32, 2, 32, 2).mean((2, 4))
    beside = np.abs(small[:, :, 1:] - small[:, :, :-1]).mean()  # how much pictures change from pixel to pixel
    assert large.shape == (100, 64, 64) and np.abs(halved - small).mean() < 0.4 * beside
    assert fork(run, 2, {"image_size": 64, "crop": "square"}, steps=4).config.crop == "square"
    assert play(made).step == 4


def test_d_that_sees_originals_stays_when_pictures_are_doubled_and_takes_no_others(root, tiny, tmp_path):
    config = tiny.replace(data="fashion-mnist", image_size=64, d_sees="original", crop="pad", num_steps=2)
    run = Run.create(config, root / "a", "same")
    play(run)
    made = fork(run, 2, {"image_size": 128}, steps=3)
    assert (made.config.ngf, made.config.ndf) == (config.ngf // 2, config.ndf)
    before, gan = load_state(run)["gan"], GAN(made.config, torch.device("cpu"))
    state = dict(before)
    grow(state, run.config, gan)
    assert_same(state["D"], before["D"])
    assert play(made).step == 3
    with refuse("data", "a fork", "28 px"):
        fork(run, 2, {}, data=str(write_pictures(tmp_path / "other", 10)))


def test_live_changes_of_the_parent_are_settings_of_the_fork(parent, root):
    play_to(parent, 14)
    live_settings.ask(parent, {"lr_d": 1e-3})
    play_to(parent, 16)
    live_settings.ask(parent, {"lr_d": 5e-3})
    play_to(parent, 20)
    assert fork(parent, 14, {}).config.lr_d == 1e-3  # asked for at 14, and saved at once
    made = moved(fork(parent, 16, {}), root / "b")
    assert made.config.lr_d == 5e-3 and "lr_d" not in made.parent().changes
    play(made)
    assert_same_tensors(made, parent)
    again = fork(parent, 16, {"lr_d": parent.config.lr_d})  # what a person says counts
    play(again)
    assert load_state(again)["gan"]["opt_D"]["param_groups"][0]["lr"] == parent.config.lr_d
    assert not [line for line in again.read_lines()[0] if "event" in line and line["step"] > 16]


def assert_same_tensors(run: Run, other: Run) -> None:
    for part in ("G", "D", "ema"):
        assert weights_hash(load_state(run)["gan"][part]) == weights_hash(load_state(other)["gan"][part])


def test_the_family_is_told_both_ways(parent):
    child = fork(parent, 4, {}, name="child")
    play_to(child, 8)
    child.extend(12)
    grandchild, sibling = fork(child, 8, {}, name="grandchild"), fork(parent, 8, {}, name="sibling")
    runs = list_runs(parent.path.parent)
    ancestors, forks = family(grandchild, runs)
    assert ancestors == [("child", 8), ("same", 4)] and forks == []
    assert [(run.id, step) for run, step in family(parent, runs)[1]] == [(child.id, 4), (sibling.id, 8)]
    parent.delete()
    assert family(grandchild, list_runs(child.path.parent))[0] == [("child", 8), ("same", 4)]
    assert play(child).state == "finished"  # nothing of it went with its parent


def test_a_fork_of_a_fork_that_has_not_begun_has_its_settings(parent, root, tiny):
    made = fork(parent, 4, {"lr_g": 1e-3})
    again = fork(made, 4, {"beta1": 0.4}, name="again")
    assert (again.config.lr_g, again.config.beta1) == (
        1e-3,
        0.4,
    ) and again.parent().changes == "beta1 0.4 instead of 0.5"
    assert play(again).state == "finished"

    wide = Run.create(tiny.replace(ngf=8, ndf=8, num_steps=2), root / "a", "wide")
    play(wide)
    larger = fork(wide, 2, {"image_size": 32}, steps=4, name="larger")
    assert fork(larger, 2, {}, name="as large").config.image_size == 32
    with pytest.raises(BadInput, match=r"^image_size can't change in a fork \(16 to 64\)"):
        fork(larger, 2, {"image_size": 64})


def test_a_ring_of_parents_ends(parent):
    child = fork(parent, 4, {}, name="child")
    parent.parent_path.write_text(json.dumps({"run": child.id, "step": 4}))
    assert len(family(child, list_runs(parent.path.parent))[0]) == 100


def test_a_crash_at_any_moment_leaves_no_half_fork(parent, monkeypatch):
    """The process dies at its n-th look at the disk, for all n."""
    before = {path: path.read_bytes() for path in parent.path.rglob("*") if path.is_file()}
    calls: list[str] = []

    class Dead(BaseException):
        pass

    def dying(name, real, crash_at):
        def call(*args, **kwargs):
            calls.append(name)
            if len(calls) > crash_at:
                raise Dead
            return real(*args, **kwargs)

        return call

    crash_at, done = 0, False
    while not done:
        calls.clear()
        with monkeypatch.context() as patch:
            for name in ("link", "replace", "fsync", "mkdir", "rename"):
                patch.setattr(os, name, dying(name, getattr(os, name), crash_at))
            patch.setattr(shutil, "rmtree", lambda *args, **kwargs: None)  # the dead clean nothing up
            try:
                made = fork(parent, 8, {}, name="made")
                done = True
            except Dead:
                assert [run.id for run in list_runs(parent.path.parent)] in (["same"], ["made", "same"])
        for run in list_runs(parent.path.parent):
            if run.id != "same":
                assert kept_states.is_whole(run.state_path) and run.parent().step == 8
                if not done:
                    run.delete()
        assert {path: path.read_bytes() for path in before} == before
        crash_at += 1
    assert crash_at > 20 and play(made).state == "finished"


def test_without_links_the_files_are_copied(parent, root, monkeypatch):
    def no_links(*args):
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    made = moved(fork(parent, 4, {}), root / "b")
    assert made.state_path.stat().st_nlink == 1
    play(made)
    assert_same_end(made, parent)


def test_a_fork_costs_no_room_until_it_goes_on(parent):
    made = fork(parent, 8, {})
    assert made.state_path.stat().st_ino == parent.kept_state_path(8).stat().st_ino
    before = parent.kept_state_path(8).read_bytes()
    play(made)
    assert parent.kept_state_path(8).read_bytes() == before


def test_a_state_thinned_away_meanwhile_is_a_sentence(parent, monkeypatch):
    points = kept_states.fork_points(parent)
    monkeypatch.setattr(forking, "fork_points", lambda run: points)
    forking.facts(points[4])
    monkeypatch.setattr(forking, "_share_pictures", lambda *args: parent.kept_state_path(4).unlink())
    with pytest.raises(BadInput, match="^step 4 of same was thinned away just now: pick another.$"):
        fork(parent, 4, {})


def test_a_fork_while_its_parent_trains_changes_nothing_there(root, tiny):
    recipe = tiny.replace(checkpoint_seconds=0.0, num_steps=60)
    whole, run = Run.create(recipe, root / "a", "same"), Run.create(recipe, root / "b", "same")
    play(whole)
    made: list[Run] = []

    def fork_now(point) -> None:
        if point["step"] in (21, 42):
            thread = threading.Thread(target=lambda: made.append(fork(run, None, {}, name=f"at-{point['step']}")))
            thread.start()
            if point["step"] == 42:
                thread.join()

    play(run, fork_now)
    assert_same_end(run, whole)
    assert len(made) == 2
    for each in made:
        play(each)
        assert_same_tensors(each, whole)
        assert curves(each) == curves(whole)


# -- the states that are kept


def test_states_are_thinned_to_their_budget_and_the_ends_stay(root, tiny):
    run = Run.create(tiny.replace(max_states_mb=1, checkpoint_seconds=0.0, num_steps=30), root)
    assert play(run).step == 30
    kept, size = run.kept_states(), run.state_path.stat().st_size
    assert len(kept) == 1_000_000 // size < 31 and kept[0] == 0 and kept[-1] == 30
    assert files.bytes_in(run.path / "states") <= 1.02e6


def test_no_budget_keeps_none(root, tiny):
    run = Run.create(tiny.replace(max_states_mb=0, checkpoint_seconds=0.0), root)
    play(run)
    assert run.kept_states() == [] and sorted(kept_states.fork_points(run)) == [12]


def test_a_budget_for_less_than_one_keeps_the_first_and_the_newest(parent, monkeypatch):
    kept_states.keep(parent, 13, 1)
    monkeypatch.setattr(kept_states, "thin", lambda steps, keep: steps[1:-1] if keep < 2 else [])
    big = 10**6 * 3
    with open(parent.state_path, "ab") as file:
        file.truncate(big)
    kept_states.keep(parent, 14, 1)
    assert parent.kept_states() == [0, 14]


def test_the_facts_of_a_state_are_read_without_running_anything(parent, tmp_path):
    found = kept_states.facts(parent.kept_state_path(8))
    assert found["step"] == 8 and found["images"] == 64 and Config.from_json(found["config"]) == parent.config

    class Hostile:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "pwned"),)

    said = {"step": 5, "time_s": 1.5, "config": "{}"}
    torch.save({"gan": Hostile(), **said}, tmp_path / "bad.pt")
    assert kept_states.facts(tmp_path / "bad.pt") == said
    assert not (tmp_path / "pwned").exists()
    for content in (b"", b"PK", b"\0" * 5000):
        (tmp_path / "bad.pt").write_bytes(content)
        with pytest.raises(BadInput, match="not a readable training state"):
            kept_states.facts(tmp_path / "bad.pt")


@pytest.mark.parametrize(
    "state",
    [
        *({"model": 1}, {"step": 12}, {"step": 12, "config": "{}"}, {"step": "12", "time_s": 0.0, "config": "{}"}),
        *({"step": 12, "time_s": float("nan"), "config": "{}"}, {"step": 12, "time_s": 0.0, "config": "foreign"}),
        {"step": 12, "time_s": 0.0, "config": "{}", "live": "foreign"},
        {"step": 12, "time_s": 0.0, "config": "{}", "live": "[1]"},
    ],
)
def test_a_state_of_another_program_is_one_sentence_and_makes_nothing(parent, state):
    torch.save(state, parent.kept_state_path(12))
    with pytest.raises(BadInput):
        fork(parent, 12, {}, steps=20)
    torch.save(state, parent.state_path)
    for other in (parent.previous_state_path, *parent.kept_state_path(0).parent.iterdir()):
        other.unlink(missing_ok=True)
    with pytest.raises(BadInput):
        fork(parent, None, {}, steps=20)
    assert os.listdir(parent.path.parent) == ["same"]


def test_a_second_name_for_the_same_file_leaves_no_draft(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    for _ in range(2):
        files.share(tmp_path / "a", tmp_path / "b")
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]
    with pytest.raises(FileNotFoundError):
        files.share(tmp_path / "gone", tmp_path / "b")
    assert sorted(os.listdir(tmp_path)) == ["a", "b"] and (tmp_path / "b").read_bytes() == b"x"


def test_grids_of_the_fork_are_its_own(parent):
    made = fork(parent, 8, {"num_samples": 9})
    before = parent.sample_path(8).read_bytes()
    play(made)
    assert parent.sample_path(8).read_bytes() == before
    with Image.open(made.sample_path(12)) as grid:
        assert np.asarray(grid).shape == (52, 52)
