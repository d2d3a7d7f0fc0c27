"""Pictures that a CSV lists, as people and contests write such lists."""

import os

import numpy as np
import pytest

from dcgan.data import dataset, listed_rows, source_pictures, sources
from dcgan.data.picture_files import reader
from tests.files import colour, encode, refuse


def write(folder, text: str | bytes, name: str = "labels.csv", files=(), endings: str = ".png"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    for i, file in enumerate(files):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(encode(colour(seed=i)))
    return folder / name


FILES = [f"pics/{i}.png" for i in range(6)]


def rows(form: str) -> str:
    return "".join(form.format(i=i, label="ab"[i % 2]) + "\n" for i in range(6))


@pytest.mark.parametrize(
    "text",
    [
        "file,label\n" + rows("pics/{i}.png,{label}"),
        "label,filename\n" + rows("{label},{i}.png"),
        "id,breed\n" + rows("{i},{label}"),
        "Image Name;Class\n" + rows("{i}.png;{label}"),
        "path\tcategory\n" + rows("./pics/{i}.png\t{label}"),
        "image,label\r\n" + rows("pics\\{i}.png,{label}").replace("\n", "\r\n"),
        "\ufefffile,label\n" + rows('"pics/{i}.png","{label}"'),
        rows("pics/{i}.png,{label}"),
        "x0,y0,file_name,label\n" + rows("1,2,{i}.png,{label}"),
        ("file,label\n" + rows("pics/{i}.png,{label}")).encode("utf-16"),
        "file,label,note\n" + rows("{i}.png,{label},caf\u00e9"),
        ("file,label,note\n" + rows("{i}.png,{label},caf\u00e9")).encode("cp1252"),
        "what,which\n" + rows("{i}.png,{label}"),
    ],
    ids=repr,
)
def test_a_list_of_files_and_labels(tmp_path, text):
    path = write(tmp_path / "set", text, files=FILES)
    source = sources.resolve(str(path))
    sources.check(source)
    assert source_pictures.folder_classes(source.path) == {"a": 3, "b": 3}
    with reader(source.path) as read:
        read_all = [read(name) for name in source_pictures.picture_names(source)]
    assert read_all == [encode(colour(seed=i)) for i in range(6)]
    assert sources.count(sources.resolve(f"{path}:b")) == 3


def test_an_absolute_path_within_the_folder_is_one_of_its_files(tmp_path):
    folder = tmp_path / "set"
    path = write(folder, "file\n" + rows(f"{folder}/pics/{{i}}.png"), files=FILES)
    assert source_pictures.picture_names(sources.resolve(str(path)))[0] == "pics/0.png"


@pytest.mark.parametrize("way", ["../secret.png", "pics/../../secret.png", "{outside}", "..\\secret.png"])
def test_a_list_reaches_nothing_outside_its_folder(tmp_path, way):
    secret = tmp_path / "secret.png"
    secret.write_bytes(encode(colour(seed=99)))
    path = write(tmp_path / "set", "file\n" + rows("pics/{i}.png") + way.format(outside=secret) + "\n", files=FILES)
    source = sources.resolve(str(path))
    assert list(source_pictures.picture_names(source)) == FILES
    assert "1 of its rows name files outside" in sources.remark(source, 5000)
    alone = write(tmp_path / "other", f"file\n{way.format(outside=secret)}\n" * 3)
    with refuse("names no file that is there", "folder of the CSV"):
        sources.check(sources.resolve(str(alone)))


def test_what_is_missing_or_twice_is_said(tmp_path):
    path = write(tmp_path / "set", "file,label\n" + rows("pics/{i}.png,{label}") + "pics/9.png,a\npics/0.png,a\n")
    write(tmp_path / "set", path.read_bytes(), files=FILES)
    found = dataset.load(str(path), 16, 3, cache_dir=tmp_path / "cache")
    assert len(found.images) == 6 and found.skipped == ["a/pics/9.png: the file is missing"]
    assert "1 of its rows repeat others" in dataset.notice(found)


def test_a_column_of_splits_tells_what_to_train_on(tmp_path):
    text = "file,label,split\n" + rows("pics/{i}.png,{label},train") + "pics/0.png,a,test\npics/1.png,a,val\n"
    source = sources.resolve(str(write(tmp_path / "set", text, files=FILES)))
    assert sources.count(source) == 6 and "2 others are left aside" in sources.remark(source, 5000)


@pytest.mark.parametrize(
    "text,words",
    [
        ("", ("is empty",)),
        ("file,label\n", ("is empty",)),
        ("a,b\n1,2\n3,4\n", ("names no file that is there", "must lie in the folder")),
        (b"\x00\x01\xff\xfe" * 50, ("labels.csv",)),
        ("file\n" + "x" * 200_000 + "\n", ("labels.csv",)),
    ],
    ids=["empty", "header", "numbers", "binary", "long cell"],
)
def test_another_table_is_refused_with_what_is_needed(tmp_path, text, words):
    path = write(tmp_path / "set", text)
    with refuse(*words) as caught:
        sources.check(sources.resolve(str(path)))
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 600


def test_limits(tmp_path, monkeypatch):
    path = write(tmp_path / "set", "file\n" + rows("pics/{i}.png"), files=FILES)
    monkeypatch.setattr(listed_rows, "MAX_ROWS", 3)
    with refuse("more than 3 files"):
        sources.resolve(f"{path}:a")
    monkeypatch.setattr(listed_rows, "MAX_CSV_BYTES", 10)
    with refuse("is larger than"):
        sources.resolve(f"{path}:a")


def test_a_picture_that_changes_in_place_is_another_data_set(tmp_path):
    path = write(tmp_path / "set", "file\n" + rows("pics/{i}.png"), files=FILES)
    before = sources.fingerprint(sources.resolve(str(path)))
    (tmp_path / "set" / "pics" / "3.png").write_bytes(encode(colour(seed=77)))
    assert sources.fingerprint(sources.resolve(str(path))) != before


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everything can be read")
def test_a_file_that_may_not_be_read_is_named(tmp_path):
    path = write(tmp_path / "set", "file\n" + rows("pics/{i}.png"), files=FILES)
    (tmp_path / "set" / "pics" / "3.png").chmod(0)
    found = dataset.load(str(path), 16, 3, cache_dir=tmp_path / "cache")
    assert len(found.skipped) == 1 and np.all(np.array(found.images.shape) > 0)
