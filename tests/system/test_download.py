"""Downloads from sources that misbehave: the next one is asked, and nothing half stays."""

import contextlib
import gzip
import hashlib
import http.server
import os
import threading
import time
from pathlib import Path

import pytest

from dcgan.cli.main import main
from dcgan.data import idx, sources
from dcgan.system import download
from tests.files import refuse, write_mnist

FILE = os.urandom(300_000)
MD5 = hashlib.md5(FILE).hexdigest()


class Server(http.server.BaseHTTPRequestHandler):
    """Each way to go wrong is a folder: /half/x sends half of x."""

    files: dict[str, bytes] = {"x": FILE}

    def do_GET(self) -> None:
        _, way, name = self.path.split("/")
        content = self.files.get(name, b"")
        if way == "forbidden":
            self.send_error(403)
            return
        if way == "moved":
            self.send_response(302)
            self.send_header("Location", f"/good/{name}")
            self.end_headers()
            return
        if way == "silent":
            time.sleep(1.0)
            return
        if way == "quota":
            content = b"<html>Quota exceeded</html>"
        if way == "wrong":
            content = content[:-1] + b"?"
        self.send_response(200)
        if way == "endless":
            self.end_headers()
            for _ in range(1000):
                self.wfile.write(bytes(2**16))
            return
        if way != "unsized":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if way == "half" else content)

    def handle(self) -> None:
        with contextlib.suppress(OSError):  # whoever asked has gone
            super().handle()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url(monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT_SECONDS", 0.3)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


WAYS = {
    "forbidden": "answers 403 Forbidden",
    "silent": "does not answer|ended|closed",
    "quota": "another hash",
    "wrong": "another hash",
    "half": "the connection ended after 150,000 of 300,000 bytes",
    "endless": "more than the file can have",
}


@pytest.mark.parametrize("way", WAYS)
def test_the_next_source_is_asked_and_nothing_half_stays(url, tmp_path, way):
    path = tmp_path / "d" / "x"
    with pytest.raises(OSError, match=f"^127.0.0.1:[0-9]+: .*({WAYS[way]})"):
        download.fetch([f"{url}/{way}/x"], path, MD5, 400_000)
    assert list(path.parent.iterdir()) == []
    download.fetch([f"{url}/{way}/x", f"{url}/moved/x"], path, MD5, 400_000)
    assert path.read_bytes() == FILE and list(path.parent.iterdir()) == [path]


def test_a_failed_download_leaves_what_was_there(url, tmp_path):
    (tmp_path / "x").write_bytes(b"older")
    with pytest.raises(OSError):
        download.fetch([f"{url}/half/x", f"{url}/quota/x"], tmp_path / "x", MD5, 400_000)
    assert (tmp_path / "x").read_bytes() == b"older" and os.listdir(tmp_path) == ["x"]


def test_progress_is_told_and_no_length_needed(url, tmp_path):
    seen: list[tuple[int, int]] = []
    download.fetch([f"{url}/good/x"], tmp_path / "x", MD5, 400_000, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (300_000, 300_000)
    download.fetch([f"{url}/unsized/x"], tmp_path / "x", MD5, 400_000, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (300_000, 0)


def test_no_network_is_told(tmp_path):
    with pytest.raises(OSError, match="127.0.0.1:9: .*refused"):
        download.fetch(["http://127.0.0.1:9/x"], tmp_path / "x", MD5, 400_000)


# ---- MNIST


@pytest.fixture
def mnist(tmp_path, url, monkeypatch):
    """A small MNIST on the server, under the names of its files; the folder to download it to."""
    monkeypatch.setattr(sources, "DATA_DIR", tmp_path / "data")
    write_mnist(tmp_path / "served")
    files = {path.name: path.read_bytes() for path in (tmp_path / "served").iterdir()}
    monkeypatch.setattr(Server, "files", files)
    monkeypatch.setattr(idx, "MNIST_MD5", {name[:-3]: hashlib.md5(files[name]).hexdigest() for name in files})
    return tmp_path / "data"


def test_mnist_comes_whole_from_the_second_source(mnist, url, monkeypatch):
    monkeypatch.setattr(idx, "MNIST_MIRRORS", (f"{url}/quota/", f"{url}/good/"))
    source = sources.resolve("mnist", download=True)
    assert sorted(os.listdir(source.path)) == sorted(f"{name}.gz" for name in idx.FILES)
    assert os.listdir(mnist) == ["mnist"] and sources.count(source) == 40
    monkeypatch.setattr(idx, "MNIST_MIRRORS", ())  # the second time needs no connection
    assert sources.resolve("mnist", download=True) == source


def test_failed_mnist_says_the_way_out_and_leaves_nothing(mnist, url, monkeypatch):
    monkeypatch.setattr(idx, "MNIST_MIRRORS", (f"{url}/forbidden/", f"{url}/half/"))
    names = [f"{name}.gz" for name in idx.FILES]
    with refuse("MNIST could not be downloaded (127.0.0.1", "answers 403", "ended after", "): put", *names, str(mnist)):
        sources.resolve("mnist", download=True)
    assert list(mnist.iterdir()) == []


@pytest.mark.parametrize("way", [*WAYS, "refused"])
def test_an_order_on_data_that_can_not_be_downloaded_is_one_sentence(mnist, url, monkeypatch, capsys, root, way):
    monkeypatch.setattr(sources, "DATA_DIR", mnist)
    monkeypatch.setattr(idx, "MNIST_MIRRORS", (f"{url}/{way}/",) if way != "refused" else ("http://127.0.0.1:9/",))
    assert main(["train", "--data", "mnist"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.startswith("MNIST could not be downloaded (127.0.0.1")
    assert f"put {', '.join(f'{name}.gz' for name in idx.FILES[:2])}" in err
    assert list(mnist.iterdir()) == [] and os.listdir(root) == []


def test_the_published_hashes_are_those_of_torchvision():
    datasets = pytest.importorskip("torchvision.datasets")
    assert dict(datasets.MNIST.resources) == {f"{name}.gz": md5 for name, md5 in idx.MNIST_MD5.items()}
    assert tuple(datasets.MNIST.mirrors) == idx.MNIST_MIRRORS
    archive = next(entry for entry in datasets.CelebA.file_list if entry[2] == "img_align_celeba.zip")
    assert archive[:2] == (download.CELEBA_DRIVE_ID, download.CELEBA_MD5)


# ---- CelebA


@pytest.fixture
def drive(tmp_path, monkeypatch):
    """What torchvision's helper does can be set; the folder for the data."""
    utils = pytest.importorskip("torchvision.datasets.utils")
    monkeypatch.setattr(sources, "DATA_DIR", tmp_path / "data")

    def behave(work) -> Path:
        monkeypatch.setattr(utils, "download_file_from_google_drive", work)
        return tmp_path / "data"

    return behave


@pytest.mark.parametrize("error", [RuntimeError("File not found or corrupted.\nmore"), OSError("no route"), KeyError()])
def test_failed_celeba_says_the_way_out_and_leaves_nothing(drive, error):
    def fail(file_id: str, root: str, name: str, md5: str) -> None:
        (Path(root) / name).write_bytes(b"<html>Quota exceeded</html>")
        raise error

    data_dir = drive(fail)
    with refuse("CelebA could not be downloaded (", "): put img_align_celeba.zip, or the folder", str(data_dir)):
        sources.resolve("celeba", download=True)
    assert list(data_dir.iterdir()) == []


def test_celeba_is_moved_to_its_place_and_only_when_asked_for(drive, tmp_path):
    def work(file_id: str, root: str, name: str, md5: str) -> None:
        assert md5 == download.CELEBA_MD5
        import zipfile

        with zipfile.ZipFile(Path(root) / name, "w") as archive:
            archive.writestr("img_align_celeba/000001.jpg", gzip.compress(b""))

    data_dir = drive(work)
    with refuse("CelebA is not here"):
        sources.resolve("celeba")
    source = sources.resolve("celeba", download=True)
    assert os.listdir(data_dir / "celeba") == ["img_align_celeba.zip"] and sources.count(source) == 1
