"""What a run will need is known before it starts, and what can't fit is refused in one sentence."""

import os
from pathlib import Path

import psutil
import pytest

from dcgan.config import Config
from dcgan.data import sources
from dcgan.errors import BadInput
from dcgan.presets import PRESETS
from dcgan.runs import estimate as estimating
from dcgan.runs.checkpoint import load_state
from dcgan.runs.estimate import check, disk_free, estimate, estimate_on, memory_free, memory_limit, words
from dcgan.runs.new_run import order
from dcgan.runs.run import Run
from dcgan.system.files import bytes_in
from tests.training.test_loop import play

GB = 10**9


def test_the_disk_of_a_real_run_is_within_its_estimate(root, tiny):
    config = tiny.replace(image_size=32, ngf=16, ndf=16, num_steps=200, sample_every=10, num_samples=16, log_every=10)
    run = Run.create(config.replace(checkpoint_seconds=0.0, max_states_mb=20), root)
    play(run)
    need = estimate(run.config, 26)
    for what, folder in (
        ("states to fork from", "states"), ("generators", "snapshots"), ("sample grids", "samples"),
    ):  # fmt: skip
        real = bytes_in(run.path / folder)
        assert 0.3 * need.disk[what] < real < 1.1 * need.disk[what], (what, real, need.disk[what])
    state = run.state_path.stat().st_size
    assert 0.9 * need.disk["states to resume from"] < 2 * state < 1.1 * need.disk["states to resume from"]
    assert run.size_bytes() < 1.1 * need.disk_bytes
    assert run.metrics_path.stat().st_size < need.disk["curves"] * 1.2
    assert load_state(run)["step"] == 200


def test_the_memory_grows_with_what_it_is_for():
    base = estimate(Config(), 60_000).memory
    assert estimate(Config(batch_size=128), 60_000).memory["activations"] == pytest.approx(
        2 * base["activations"], 1e-6
    )
    assert estimate(Config(), 120_000).memory["pictures"] == 2 * base["pictures"] == 2 * 60_000 * 64 * 64
    assert estimate(Config(), 60_000, mapped=True).memory["pictures"] == 0
    assert estimate(Config(optimizer="rmsprop"), 1).memory["optimisers"] * 2 == base["optimisers"]
    assert estimate(Config(ngf=128), 1).memory["weights, their average and gradients"] > 2 * base["optimisers"] / 2


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_has_an_estimate(name):
    need = estimate(PRESETS[name].config, 60_000)
    assert 0.8 * GB < need.memory_bytes < 8 * GB and 0.1 * GB < need.disk_bytes < 4 * GB
    assert all(size >= 0 for table in need for size in table.values())


def test_minutes_bound_the_curves():
    assert estimate(Config(num_minutes=10, num_steps=10**9), 1).disk["curves"] < GB


def test_a_gpu_makes_more_steps_in_a_minute(monkeypatch):
    config, found = Config(num_minutes=10, num_steps=10**9), {}
    for there in (True, False):
        monkeypatch.setattr(estimating, "has_gpu", lambda there=there: there)
        found[there] = [estimate(config.replace(device=device), 1).disk["curves"] for device in ("auto", "cpu")]
    assert found[True][0] >= 10 * found[True][1] and found[True][1] == found[False][0] == found[False][1]


def test_no_states_no_room_for_them():
    assert estimate(Config(max_states_mb=0), 1).disk["states to fork from"] == 0
    small = estimate(Config(max_states_mb=1), 1).disk
    assert small["states to fork from"] == small["states to resume from"]  # the first and the newest stay


def test_a_disk_that_is_too_small_is_refused(root, monkeypatch, pictures):
    monkeypatch.setattr(estimating, "disk_free", lambda place: 100 * 10**6)
    with pytest.raises(
        BadInput, match=r"^The run can fill 4\d\d MB of disk, but .* has only 100 MB free: make room, or"
    ):
        order("quick", {}, str(pictures))
    assert order("quick", {"max_states_mb": 0}, str(pictures)).max_states_mb == 0
    assert os.listdir(root) == []


def test_a_memory_that_is_too_small_is_refused(pictures, root, monkeypatch):
    monkeypatch.setattr(estimating, "memory_limit", lambda: 3 * GB)
    monkeypatch.setattr(estimating, "has_gpu", lambda: False)
    assert order("quick", {}, str(pictures))
    with pytest.raises(
        BadInput, match=r"^The run needs about .* GB of memory, most of it for activations, .*batch_size"
    ):
        order("classic-64", {"batch_size": 4096}, str(pictures))
    monkeypatch.setattr(estimating, "has_gpu", lambda: True)
    assert order("classic-64", {"batch_size": 4096}, str(pictures))  # a GPU may have room
    with pytest.raises(BadInput, match="batch_size"):
        order("classic-64", {"batch_size": 4096, "device": "cpu"}, str(pictures))


def test_pictures_of_a_folder_stay_on_the_disk(pictures, tiny):
    need = estimate_on(tiny, sources.resolve(str(pictures)))
    assert need.memory["pictures"] == 0 and need.disk["prepared pictures, for all runs"] == 26 * 16 * 16


def test_room_is_that_of_this_machine(tmp_path):
    assert 0 < memory_free() <= memory_limit() <= psutil.virtual_memory().total
    assert disk_free(tmp_path / "not" / "yet") > 0
    check(Config(), estimate(Config(ngf=1, ndf=1, max_states_mb=0, max_snapshots=2), 10), tmp_path)


def test_sizes_in_words():
    assert [words(size) for size in (12_300, 4.44e6, 4.5e8, 1.26e9, 2.2e10, 2e12)] == [
        *("12 kB", "4.4 MB", "450 MB", "1.3 GB", "22 GB", "2,000 GB")
    ]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says what a process took at most")
@pytest.mark.parametrize(("preset", "steps"), [("quick", 20), ("classic-64", 4)])
def test_the_memory_of_a_real_run_is_near_its_estimate(tmp_path, preset, steps):
    import subprocess
    import sys

    from dcgan.system.paths import PROJECT

    code = (  # not ru_maxrss, which a process inherits from the one that started it
        "import sys\nfrom pathlib import Path\nfrom dcgan.cli.main import main\n"
        f"code = main(['train', '--preset', {preset!r}, '--steps', '{steps}', '--root', {str(tmp_path)!r}])\n"
        "status = dict(line.split(':', 1) for line in Path('/proc/self/status').read_text().splitlines())\n"
        "print('torch._dynamo' in sys.modules, status['VmHWM'].split()[0], code)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=300)
    compiler, *numbers = done.stdout.split()[-3:]
    peak, exit_code = map(int, numbers)
    assert exit_code == 0, done.stderr[-500:]
    assert compiler == "False"  # which nobody asked for, and takes two seconds and 100 MB
    assert 0.6 < estimate(PRESETS[preset].config, 60_000).memory_bytes / (peak * 1024) < 1.5
