"""What a person is told of how their pictures are used: on the page and in the log, in the same words."""

import numpy as np
import pytest
from PIL import Image

from dcgan.data import account, dataset, source_pictures, sources, survey
from dcgan.errors import BadInput
from dcgan.images.tones import Reading
from dcgan.runs.new_run import order
from tests.files import colour, encode, refuse, write_pictures, write_zip


@pytest.fixture(autouse=True)
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "DATA_DIR", tmp_path / "data")


def write_deep(folder, *values, kind="PNG", dtype=np.uint16):
    folder.mkdir(parents=True, exist_ok=True)
    for i, value in enumerate(values):
        picture = Image.fromarray(np.linspace(0, value, 64).reshape(8, 8).astype(dtype))
        (folder / f"{i}.{kind.lower()}").write_bytes(encode(picture, kind))
    return folder


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_what_is_not_used_is_told_by_kind_and_number(tmp_path, form):
    folder = path = write_pictures(tmp_path / "phone", 3)
    for name, content in (("h.svg", b"<svg>"), ("a.zip", b"PK"), ("b.zip", b"PK"), ("half.png", b""), ("x.jpg", b"<")):
        (folder / name).write_bytes(content)
    if form == "zip":
        path = write_zip(tmp_path / "z.zip", {each.name: each.read_bytes() for each in sorted(folder.iterdir())})
    source = sources.resolve(str(path))
    before = account.sentences(source, filter(None, survey.survey(path).values()))
    after = dataset.load(str(path), 16, 3).told
    assert (
        before
        == list(after)
        == [
            "Not used: 2 archives (such as a.zip: unpack it for what it holds), 1 SVG drawing (h.svg: save it as PNG).",
            "Can't be read: 1 (half.png: the file is empty), 1 (x.jpg: not a picture in a known format).",
        ]
    )


def test_a_set_that_is_used_whole_has_nothing_to_tell(tmp_path):
    assert account.sentences(sources.resolve(str(write_pictures(tmp_path / "d")))) == []
    assert account.sentences(sources.resolve("fashion-mnist")) == []


def test_splits_are_told_and_the_rest_is_held_out(tmp_path):
    for split, n in (("train", 6), ("val", 3), ("test", 2)):
        for kind in ("cats", "dogs"):
            write_pictures(tmp_path / "zoo" / split / kind, n)
    (tmp_path / "zoo" / "all.png").write_bytes(encode(colour()))
    config = order("quick", {}, str(tmp_path / "zoo"))
    source = sources.of_run(config)
    assert account.sentences(source) == [
        "Trained on is the folder train (12 picture files); the folders test, val (10) are held out to measure with. "
        "Not used: 1 beside these folders, such as all.png."
    ]
    assert config.held_out == 10 and source_pictures.folder_classes(source.path) == {"cats": 11, "dogs": 11}
    assert len(dataset.load_for(config).images) == 12 and len(dataset.load_for(config, "test").images) == 10
    only = order("quick", {}, f"{tmp_path / 'zoo'}:cats")
    assert only.held_out == 5 and len(dataset.load_for(only).images) == 6
    with refuse("held_out must be 0 here: zoo comes with pictures to measure with, 10 in test, val"):
        order("quick", {"held_out": 3}, str(tmp_path / "zoo"))
    assert order("quick", {}, f"{tmp_path / 'zoo'}:train").held_out == 0  # a split may be chosen, too


def test_masks_beside_pictures_are_told_and_not_trained_on(tmp_path):
    for folder in ("images", "masks"):
        write_pictures(tmp_path / "scans" / folder, 3)
    (tmp_path / "scans" / "images" / "000.xml").write_text("<a/>")
    found = dataset.load(str(tmp_path / "scans"), 16, 3)
    assert len(found.images) == 3 and found.told == (
        "Not used: 3 masks of other pictures (such as masks/000.png), 1 text or annotation file (images/000.xml).",
    )


def test_films_and_stacks_give_their_first_picture_and_say_so(tmp_path):
    folder = write_pictures(tmp_path / "d", 2)
    for kind in ("GIF", "TIFF"):
        more = [colour(seed=seed) for seed in (8, 9)]
        (folder / f"film.{kind.lower()}").write_bytes(encode(colour(), kind, save_all=True, append_images=more))
    (folder / "one.gif").write_bytes(encode(colour(), "GIF"))
    assert account.sentences(sources.resolve(str(folder))) == [
        "Of 3 files that were looked at 2 hold several pictures, of which the first is used (such as film.gif)."
    ]


def test_one_scale_is_recorded_and_told(tmp_path):
    folder = write_deep(tmp_path / "scans", 4095, 3000, 40)
    config = order("quick", {}, str(folder))
    assert (config.reading, config.black, config.white) == (2, 0.0, 4095.0)
    found = dataset.load_for(config)
    assert found.images[0].max() == 255 and found.images[2].max() < 6
    assert found.told == (
        "Some have more than 8 bits a value: in all of them 0 is black and 4,095 white, the range of the whole set. "
        "Of 3 of these 1 stay nearly black, since others are far brighter.",
    )
    own = order("quick", {"white": 65_535}, str(folder))
    assert own.white == 65_535 and dataset.load_for(own).images[0].max() == 16
    assert dataset.load_for(own).told[0].endswith("0 is black and 65,535 white, as set.")
    with refuse("white must be more than black (9), not 5"):
        order("quick", {"black": 9, "white": 5}, str(folder))


def test_a_run_from_before_reads_its_pictures_as_it_did(tmp_path):
    folder = write_deep(tmp_path / "scans", 4095, 3000)
    (folder / "more").write_bytes(encode(colour()))
    old = order("quick", {"reading": 1}, str(folder))
    assert (old.reading, old.black, old.white) == (1, 0.0, 0.0)
    found = dataset.load_for(old, expected=old.data_fingerprint)
    assert len(found.images) == 2 and found.images.max() == 16 and found.told == ()
    assert dataset.load(str(folder), 16, 1, reading=Reading(1)).fingerprint == old.data_fingerprint
    assert order("quick", {}, str(folder)).data_fingerprint != old.data_fingerprint


def test_a_folder_of_other_things_names_them(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "brain.nii").write_bytes(bytes(352))
    with pytest.raises(BadInput, match=r"holds no pictures but 1 array or table \(brain.nii\): put files"):
        sources.check(sources.resolve(str(tmp_path / "d")))
