"""Pictures prepared once: killed anywhere it goes on, at once by many it is made once, and what is there is whole."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from dcgan.data import decode_workers, prepared, sources
from dcgan.data.decode_workers import Shape
from dcgan.images.decode import fit
from dcgan.images.tones import Reading
from dcgan.system.paths import PROJECT
from tests.files import colour, encode, refuse, write_pictures

SHAPE = Shape(16, 3, "square")
CROPS = ("whole", "pad", "178x208")


def prepare(folder: Path, cache: Path, shape: Shape = SHAPE, progress=None) -> prepared.Prepared:
    source = sources.resolve(str(folder))
    return prepared.prepared(source, sources.fingerprint(source), shape, cache, progress)


def names_in(cache: Path) -> list[str]:
    return sorted(os.listdir(cache))


def endings(cache: Path) -> list[str]:
    return sorted(path.suffix for path in cache.iterdir())


def test_folder_is_prepared_once(tmp_path, monkeypatch):
    folder, cache = write_pictures(tmp_path / "d", 5), tmp_path / "c"
    (folder / "broken.png").write_bytes(b"<html>")
    calls: list[tuple[int, int]] = []
    first = prepare(folder, cache, progress=lambda done, total: calls.append((done, total)))
    assert calls[:2] == [(0, 6), (6, 6)]
    assert first.images.shape == (5, 3, 16, 16) and isinstance(first.images, np.memmap) and first.num_train == 5
    assert first.skipped == ["broken.png: not a picture in a known format"]
    assert np.array_equal(first.images[2].transpose(1, 2, 0), np.asarray(fit(colour(seed=2), 16, 3)))
    name = f"{sources.fingerprint(sources.resolve(str(folder)))}-16-3-read2"
    assert names_in(cache) == [f"{name}.files", f"{name}.json", f"{name}.npy"]

    monkeypatch.setattr(prepared, "_prepare", None)  # the second time must not need it
    second = prepare(folder, cache)
    assert np.array_equal(first.images, second.images) and first.skipped == second.skipped


def test_what_was_prepared_for_a_run_from_before_is_found(tmp_path):
    folder, cache = write_pictures(tmp_path / "d", 3), tmp_path / "c"
    source = sources.resolve(str(folder), version=1)
    fingerprint = sources.fingerprint(source)
    old = SHAPE._replace(reading=Reading(1))
    prepared.prepared(source, fingerprint, old, cache)
    assert names_in(cache) == [f"{fingerprint}-16-3{ending}" for ending in (".files", ".json", ".npy")]
    ranged = SHAPE._replace(reading=Reading(2, -1.0, 4095.0))
    prepared.prepared(source, fingerprint, ranged, cache)
    assert f"{fingerprint}-16-3-read2--1to4095.npy" in names_in(cache)


def test_the_array_is_kept_by_size_channels_and_crop(tmp_path):
    folder, cache = write_pictures(tmp_path / "d", 2), tmp_path / "c"
    for shape in (SHAPE, Shape(32, 3, "square"), Shape(16, 1, "square"), *(Shape(16, 3, crop) for crop in CROPS)):
        assert prepare(folder, cache, shape).images.shape == (2, shape.channels, shape.size, shape.size)
    assert endings(cache).count(".npy") == 3 + len(CROPS)
    prepare(folder, cache, SHAPE._replace(reading=Reading(1)))
    plain = f"{sources.fingerprint(sources.resolve(str(folder)))}-16-3.npy"
    assert plain in names_in(cache), "what older versions prepared is still found"


def test_what_is_written_into_the_array_stays_here(tmp_path):
    folder, cache = write_pictures(tmp_path / "d", 2), tmp_path / "c"
    prepare(folder, cache).images[:] = 7
    assert not (prepare(folder, cache).images == 7).all()


@pytest.mark.parametrize("damage", ["no json", "no npy", "half npy", "bad json", "other preparation", "no files"])
def test_damaged_array_is_made_again(tmp_path, damage):
    folder, cache = write_pictures(tmp_path / "d"), tmp_path / "c"
    images = np.array(prepare(folder, cache).images)
    path = next(cache.glob("*.npy"))
    about = path.with_suffix(".json")
    if damage == "no json":
        about.unlink()
    elif damage == "no npy":
        path.unlink()
    elif damage == "half npy":
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content[: len(content) // 2])
    elif damage == "bad json":
        about.write_text("{")
    elif damage == "other preparation":
        about.write_text(json.dumps({**json.loads(about.read_text()), "preparation": 0}))
    assert np.array_equal(prepare(folder, cache).images, images)
    assert endings(cache) == [".files", ".json", ".npy"]


def test_unreadable_folder_is_refused_without_a_cache(tmp_path):
    folder = write_pictures(tmp_path / "d", 1)
    with refuse("only one picture that can be read"):
        prepare(folder, tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_nothing_is_held_out_when_too_few_can_be_read(tmp_path):
    folder = write_pictures(tmp_path / "d", 3)
    for i in range(250):
        (folder / f"bad{i}.png").write_bytes(b"")
    found = prepare(folder, tmp_path / "c")
    assert len(found.images) == found.num_train == 3 and len(found.skipped) == 250
    source = sources.resolve(str(folder))
    found = prepared.prepared(source, sources.fingerprint(source), SHAPE, tmp_path / "c", num_test=252)
    assert len(found.images) == found.num_train == 3, "not one would be left"


def test_two_splits_of_the_same_pictures_are_kept_side_by_side(tmp_path):
    folder, cache = write_pictures(tmp_path / "d", 6), tmp_path / "c"
    source = sources.resolve(str(folder))
    before = prepare(folder, cache)
    fingerprint = sources.fingerprint(source)
    split = prepared.prepared(source, fingerprint, SHAPE, cache, num_test=2)
    again = prepared.open_prepared(fingerprint, SHAPE, cache)
    assert (before.num_train, split.num_train) == (6, 4)
    assert endings(cache).count(".npy") == 2 and np.array_equal(again.images, before.images)


# ---- interrupted


class Killed(BaseException):
    pass


CALLS = ("fsync", "replace", "unlink")


@pytest.fixture
def wholes(tmp_path):
    """A folder with one broken picture, and the array made of it without any trouble."""
    folder = write_pictures(tmp_path / "d", 40)
    (folder / "005.png").write_bytes(b"<html>")
    return folder, np.array(prepare(folder, tmp_path / "whole").images)


def test_killed_at_any_write_it_goes_on_and_is_never_torn(tmp_path, wholes, monkeypatch):
    """The process is gone before the n-th call that makes something durable, for every n."""
    folder, images = wholes
    monkeypatch.setattr(prepared, "COMMIT_SECONDS", 0.0)
    monkeypatch.setattr(decode_workers, "CHUNK", 8)
    real = {name: getattr(os, name) for name in CALLS}
    decodings: list[int] = []
    real_decode = decode_workers._decode

    def counting(read, names, shape):
        decodings.append(len(names))
        return real_decode(read, names, shape)

    monkeypatch.setattr(decode_workers, "_decode", counting)
    n = 0
    while True:
        cache, left = tmp_path / f"c{n}", [n]

        def counted(name: str, left: list[int]):
            def call(*args, **options):
                if left[0] <= 0:  # nothing at all happens after a kill
                    raise Killed
                left[0] -= 1
                return real[name](*args, **options)

            return call

        decodings.clear()
        with monkeypatch.context() as patch:
            for name in CALLS:
                patch.setattr(os, name, counted(name, left))
            try:
                prepare(folder, cache)
                break  # n calls were enough
            except Killed:
                pass
        found = prepared.open_prepared(sources.fingerprint(sources.resolve(str(folder))), SHAPE, cache)
        assert found is None or np.array_equal(found.images, images)
        assert np.array_equal(prepare(folder, cache).images, images), n
        assert sum(decodings) <= 40 + 8, (n, decodings)  # only the chunk that was not committed is decoded twice
        left_over = [name for name in names_in(cache) if not name.startswith(".")]
        assert [name[-4:] for name in left_over] == ["iles", "json", ".npy"], n
        n += 1
    assert n > 12


@pytest.mark.parametrize("damage", ["torn line", "rows missing", "rows too many", "other names", "no journal", "noise"])
def test_a_half_made_array_is_only_trusted_as_far_as_its_journal(tmp_path, wholes, monkeypatch, damage):
    folder, images = wholes
    cache = tmp_path / "c"
    monkeypatch.setattr(prepared, "COMMIT_SECONDS", 0.0)
    monkeypatch.setattr(decode_workers, "CHUNK", 8)

    def kill(done: int, total: int) -> None:
        if done >= 24:
            raise Killed

    with pytest.raises(Killed):
        prepare(folder, cache, progress=kill)
    draft, journal = next(cache.glob(".*.draft")), next(cache.glob(".*.journal"))
    assert len(journal.read_bytes().splitlines()) == 24
    if damage == "torn line":
        journal.write_bytes(journal.read_bytes()[:-9])
    elif damage == "rows missing":
        draft.write_bytes(draft.read_bytes()[:-3000])
    elif damage == "rows too many":
        draft.write_bytes(draft.read_bytes() + b"x" * 1000)
    elif damage == "other names":
        journal.write_bytes(journal.read_bytes().replace(b"002.png", b"xxx.png"))
    elif damage == "no journal":
        journal.unlink()
    else:
        journal.write_bytes(os.urandom(3000))
    done: list[int] = []
    assert np.array_equal(prepare(folder, cache, progress=lambda n, total: done.append(n)).images, images)
    assert done[0] == {"torn line": 23, "rows missing": 20, "rows too many": 24, "other names": 2}.get(damage, 0)


SCRIPT = """
import sys
from pathlib import Path
from dcgan.data import prepared, sources
from dcgan.data.decode_workers import Shape
prepared.COMMIT_SECONDS = 0.05
source = sources.resolve(sys.argv[1])
say = lambda done, total: print(done, flush=True)
prepared.prepared(source, sources.fingerprint(source), Shape(16, 3, "square"), Path(sys.argv[2]), say)
"""


def start(folder: Path, cache: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, folder, cache], cwd=PROJECT, stdout=subprocess.PIPE, start_new_session=True
    )


@pytest.fixture
def many(tmp_path) -> Path:
    """Enough pictures for several processes, in CelebA's layout: 178 x 218 px, numbered."""
    folder = tmp_path / "celeba" / "img_align_celeba"
    folder.mkdir(parents=True)
    contents = [encode(colour(178, 218, seed=i), "JPEG") for i in range(10)]
    for i in range(1, 1501):
        (folder / f"{i:06d}.jpg").write_bytes(contents[i % 10] + b"%d" % i)
    return folder


def test_a_process_killed_in_the_middle_leaves_no_children_and_loses_little(tmp_path, many):
    cache = tmp_path / "c"
    process = start(many, cache)
    with process:
        assert process.stdout
        while int(process.stdout.readline()) < 500:
            pass
        os.kill(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while _group_lives(process.pid):  # the workers see that nobody asks any more
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert not list(cache.glob("*.npy"))
    seen: list[int] = []
    found = prepare(many, cache, progress=lambda done, total: seen.append(done))
    assert seen[0] > 100 and found.images.shape == (1500, 3, 16, 16) and found.num_train == 1425
    shutil.rmtree(cache)
    assert np.array_equal(prepare(many, cache).images, found.images)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
        return True
    except ProcessLookupError:
        return False


def test_of_three_processes_one_prepares_and_a_dead_one_is_followed_by_another(tmp_path, many):
    cache = tmp_path / "c"
    processes = [start(many, cache) for _ in range(3)]
    deadline = time.monotonic() + 30
    while not list(cache.glob(".*.journal")) or not next(cache.glob(".*.journal")).stat().st_size:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    outputs: list[str] = [""] * 3
    os.kill(processes[0].pid, signal.SIGKILL)  # perhaps the one at work: the others don't depend on it
    for i, process in enumerate(processes):
        outputs[i] = process.communicate(timeout=60)[0].decode()
    assert [process.returncode for process in processes[1:]] == [0, 0]
    assert all(output.splitlines()[-1] == "1500" for output in outputs[1:])
    assert endings(cache) == [".files", ".json", ".npy"]
    shutil.copytree(cache, tmp_path / "kept")
    shutil.rmtree(cache)
    prepare(many, cache)
    name = next(cache.glob("*.npy")).name
    assert (cache / name).read_bytes() == (tmp_path / "kept" / name).read_bytes()


def test_threads_of_one_process_prepare_once(tmp_path):
    folder = write_pictures(tmp_path / "d", 40)
    found: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: found.append(prepare(folder, tmp_path / "c").images)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and all(np.array_equal(images, found[0]) for images in found)
    assert endings(tmp_path / "c") == [".files", ".json", ".npy"]


# ---- in trouble


def test_full_disk_leaves_nothing_and_says_why(tmp_path, monkeypatch):
    folder = write_pictures(tmp_path / "d")

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with refuse("could not be written to", "No space left on device", "DCGAN_DATA"):
            prepare(folder, tmp_path / "c")
    assert not list(tmp_path.glob("c/*.npy")) and not list(tmp_path.glob("c/.*.draft"))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, 1))
    with refuse("The prepared pictures need 0.0 GB, but", "has 0.0 GB left: make room there"):
        prepare(folder, tmp_path / "c")


def test_a_picture_that_changes_meanwhile_is_noticed_and_one_that_vanishes_is_skipped(tmp_path):
    folder, cache = write_pictures(tmp_path / "d"), tmp_path / "c"
    source = sources.resolve(str(folder))
    fingerprint = sources.fingerprint(source)
    content = (folder / "001.png").read_bytes()
    (folder / "001.png").write_bytes(encode(colour(seed=99)))
    with refuse("The pictures in", "changed while they were being prepared: start again"):
        prepared.prepared(source, fingerprint, SHAPE, cache)
    (folder / "001.png").write_bytes(content)

    def lose(done: int, total: int) -> None:
        (folder / "003.png").unlink(missing_ok=True)

    found = prepared.prepared(source, fingerprint, SHAPE, cache, lose)
    assert len(found.images) == 3 and found.skipped == ["003.png: the file is missing"]


def test_only_old_leftovers_are_removed(tmp_path):
    cache = tmp_path / "c"
    cache.mkdir()
    for name, days in ((".old.draft", 8), (".young.draft", 6), ("someone-elses.npy", 100)):
        (cache / name).write_bytes(b"x")
        os.utime(cache / name, (time.time() - days * 86_400,) * 2)
    prepare(write_pictures(tmp_path / "d", 2), cache)
    assert [name for name in names_in(cache) if "-16-3" not in name] == [".young.draft", "someone-elses.npy"]
