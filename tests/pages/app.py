"""The studio as AppTest sees it: a page opened at an address, and what stands on it."""

import functools
from collections.abc import Iterable
from typing import Any

from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from dcgan.system.paths import PROJECT

APP = str(PROJECT / "app.py")
SECONDS = 60  # AppTest's limit for one run of a page: the first loads PyTorch
# Each AppTest reads the descriptions of all installed packages, longer than it draws a page: now only the first.
manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)
KINDS = ("markdown", "subheader", "success", "error", "warning", "info", "caption")


def open_page(path: str, **query: str | list[str]) -> AppTest:
    """A page, such as training/train, with these parameters in its address; it must raise nothing."""
    app = AppTest.from_file(APP, default_timeout=SECONDS)
    app.run()  # a visit begins on Train
    assert not app.exception, app.exception
    app.switch_page(f"pages/{path}.py")
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception
    return app


def texts(app: AppTest) -> str:
    """All that is written on a page, in Markdown."""
    return " ".join(str(item.value) for kind in KINDS for item in app.get(kind))


def labelled(elements: Iterable[Any], label: str) -> Any:
    """The one widget with this label."""
    return next(item for item in elements if item.label == label)


def labels(app: AppTest) -> list[str]:
    """What the buttons say."""
    return [button.label for button in app.button]
