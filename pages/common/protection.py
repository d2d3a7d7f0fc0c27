"""What the server tells every browser: who may frame the studio, and that its pages load nothing from elsewhere.

Streamlit takes any page of this computer for its own, whatever its port, and lets its makers' sites frame every app.
"""

import base64
import functools
import hashlib
import os
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit

FRAMERS = "DCGAN_FRAMERS"  # a variable: the addresses, with spaces, of those who may frame the studio besides itself

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class Protection:
    """ASGI middleware: adds headers to every answer, and closes a WebSocket that a page of another address opens."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and not is_own_page(sent(scope)):
            await receive()  # websocket.connect
            await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the browser sees 403
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *headers()]
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def sent(scope: Message) -> dict[str, str]:
    """The headers of a request, by their names in small letters."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def is_own_page(sent: Mapping[str, str]) -> bool:
    """Whether the page that asks came from the host and port it asks; programs, which name no origin, may."""
    origin = sent.get("origin", "")
    return not origin or urlsplit(origin).netloc in (sent.get("host"), sent.get("x-forwarded-host"))


def headers() -> list[tuple[bytes, bytes]]:
    """The headers of every answer."""
    return [(b"content-security-policy", policy(os.environ.get(FRAMERS, ""))), (b"x-content-type-options", b"nosniff")]


@functools.cache
def policy(framers: str) -> bytes:
    """The Content-Security-Policy: as strict as Streamlit's own scripts, its components and our WebAssembly allow."""
    named = " ".join(each for each in framers.split() if not set(each) & set(";,'\""))
    rules = {
        "default-src": "'self'",
        # components come as blobs; what drives a page in a test, and Streamlit's own charts, evaluate text
        "script-src": f"'self' blob: 'unsafe-eval' {' '.join(inline_hashes())}",
        "worker-src": "'self' blob:",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "media-src": "'self' data: blob:",
        "connect-src": "'self' data: blob:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": f"'self' {named}",
    }
    return "; ".join(f"{name} {value.strip()}" for name, value in rules.items()).encode("ascii", "ignore")


def inline_hashes() -> list[str]:
    """The hashes of the scripts that stand in Streamlit's own page."""
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    return [f"'sha256-{base64.b64encode(hashlib.sha256(each.encode()).digest()).decode()}'" for each in scripts]
