"""Files from the net: from the first source that gives the right one, published whole or not at all; no torch."""

import contextlib
import hashlib
import http.client
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from dcgan.errors import BadInput, Unwritable, first_line

TIMEOUT_SECONDS = 30.0  # of silence
CELEBA_MD5 = "00d2c5bc6d35e252742224ab0c1e8fcb"  # of img_align_celeba.zip, 1.4 GB; torchvision.datasets.CelebA
CELEBA_DRIVE_ID = "0B7EVK8r0v71pZjFTYXZWM3FlRnM"  # the same source


def fetch(
    urls: Sequence[str],
    path: Path,
    md5: str,
    max_bytes: int,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Bring a file to `path` from the first URL that gives the content with this MD5; raises OSError with all reasons.

    It is written beside `path` and renamed when it is whole. `progress` gets (bytes so far, bytes in all or 0).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    reasons = []
    for url in urls:
        handle, draft = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
        try:
            with open(handle, "wb") as file:
                _copy(url, file.write, md5, max_bytes, progress)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, path)
            return
        except (OSError, http.client.HTTPException, ValueError) as error:
            with contextlib.suppress(OSError):
                os.unlink(draft)
            reasons.append(f"{url.split('/')[2]}: {_reason(error)}")
        except BaseException:
            os.unlink(draft)
            raise
    raise OSError("; ".join(reasons))


def make_folder(folder: Path) -> None:
    """Make the folder that a download goes to; raises BadInput if nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise Unwritable(f"{folder} can't be written to ({error.strerror})") from error


def _copy(
    url: str, write: Callable[[bytes], int], md5: str, max_bytes: int, progress: Callable[[int, int], None] | None
) -> None:
    digest, done = hashlib.md5(usedforsecurity=False), 0
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:
        total = int(answer.headers.get("Content-Length") or 0)
        while piece := answer.read(2**18):
            done += len(piece)
            if done > max_bytes:
                raise ValueError("it sends more than the file can have")
            write(piece)
            digest.update(piece)
            if progress:
                progress(done, total)
    if done < total:
        raise ValueError(f"the connection ended after {done:,} of {total:,} bytes")
    if digest.hexdigest() != md5:
        raise ValueError("what it sends is not the file (another hash)")


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"answers {error.code} {error.reason}"
    if isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", None), TimeoutError):
        return "does not answer"
    return first_line(error)


# ---- CelebA, which lives on Google Drive


def celeba_way_out(archive: Path) -> str:
    """What a person can do when the pictures are not there: half a sentence."""
    return (
        f"put img_align_celeba.zip, or the folder img_align_celeba, in {archive.parent}; "
        "both are on mmlab.ie.cuhk.edu.hk/projects/CelebA.html"
    )


def download_celeba(archive: Path) -> Path:
    """Fetch img_align_celeba.zip with torchvision's help; raises BadInput with the way out.

    Google Drive often answers with a page about its quota instead of the file: the hash tells them apart.
    """
    make_folder(archive.parent)
    try:
        from torchvision.datasets.utils import download_file_from_google_drive

        with tempfile.TemporaryDirectory(prefix=".celeba-", dir=archive.parent) as work:
            download_file_from_google_drive(CELEBA_DRIVE_ID, work, archive.name, CELEBA_MD5)
            os.replace(Path(work) / archive.name, archive)
        return archive
    except Exception as error:  # torchvision and gdown raise errors of their own, of many kinds
        with contextlib.suppress(OSError):
            archive.parent.rmdir()  # if it is as empty as before
        raise BadInput(f"CelebA could not be downloaded ({first_line(error)}): {celeba_way_out(archive)}.") from error
