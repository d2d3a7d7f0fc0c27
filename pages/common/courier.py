"""The browser's programs, and the generators that they draw with, on their way to a page.

Streamlit sends a large message that a session has had before as a reference only, so either travels once.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from dcgan.browser import bundle

if TYPE_CHECKING:
    from dcgan.networks.models import Generator


def courier(name: str, program: str) -> Callable[..., Any]:
    """A component that brings one of the browser's programs, and weights for it."""
    js = "\n".join((bundle.script(program), (Path(__file__).parent / "courier.js").read_text(encoding="utf-8")))
    return st.components.v2.component(name, js=js, isolate_styles=False)


def parcel(weights_hash: str, generator: "Generator") -> bytes:
    """A 4-byte length, the weights' hash, and the packed generator, as courier.js takes them."""
    name = weights_hash.encode()
    return len(name).to_bytes(4, "little") + name + packed(weights_hash, generator)


@st.cache_resource(max_entries=8, show_spinner="Handing the generator to your browser …")
def packed(weights_hash: str, _generator: "Generator") -> bytes:
    """The generator as it goes to the browser; raises BadInput for one that can't run there."""
    from dcgan.browser.pack import pack

    return pack(_generator)
