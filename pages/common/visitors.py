"""Who may act: everybody who reaches the studio, or, where visitors only watch, who has typed the key of this server.

The server prints the key when it starts. The browser sends it once, from a form; a session cookie tells it apart from
then on. Every function of a page that changes something calls `check` first; what a page shows is only a courtesy.
"""

import asyncio
import os
import secrets
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

import streamlit as st

from dcgan.errors import BadInput
from pages.common.protection import App, Message, Receive, Send, sent

VISITORS = "DCGAN_VISITORS"  # a variable: what everybody may do
MAY = ("all", "watch")
WRONG_SECONDS = 1.0  # that a wrong key takes; meanwhile the same address can't try another
LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that looks like another
MAX_BYTES = 200  # of a key as it was typed

KEY = "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))  # 59 bits
COOKIE = f"dcgan-{secrets.token_hex(4)}"  # two studios of one host share their cookies, but not their names
_PROOF = secrets.token_urlsafe(32)

_form = st.components.v2.component(
    "key",
    html='<form><input type="password" aria-label="Key" autocomplete="off" placeholder="Key" maxlength="40" required>'
    '<button type="submit">Enter</button><p role="alert"></p></form>',
    js=(Path(__file__).parent / "key.js").read_text(encoding="utf-8"),
    css=(Path(__file__).parent / "key.css").read_text(encoding="utf-8"),
)


def announce() -> None:
    """Print the key, where there is need of one; raises BadInput for a setting that nobody knows."""
    told = os.environ.get(VISITORS, MAY[0])
    if told not in MAY:
        raise BadInput(f"The variable {VISITORS} must be all or watch, not {told!r}.")
    if told == "watch":
        print(f"\n  Visitors watch. Who types this key may also train, upload and delete: {KEY}\n", flush=True)


def everybody_acts() -> bool:
    """Whether nobody needs the key."""
    return os.environ.get(VISITORS, MAY[0]) == "all"


def may_act() -> bool:
    """Whether this visitor may change something."""
    return everybody_acts() or is_proof(cookie())


def check() -> None:
    """Raise BadInput unless this visitor may change something; call it before anything is changed."""
    if not may_act():
        raise BadInput("Visitors of this studio watch: type its key, at the foot of the sidebar, to do this.")


def cookie() -> str:
    """What this visitor's browser sent as the cookie; empty without one."""
    return st.context.cookies.get(COOKIE, "")


def is_proof(value: str) -> bool:
    """Whether a cookie's value is the one that the key was exchanged for."""
    return secrets.compare_digest(value.encode(), _PROOF.encode())


def is_key(typed: str) -> bool:
    """Whether somebody typed the key: small letters, spaces and missing dashes don't matter."""
    bare = "".join(letter for letter in typed.upper() if letter.isalnum())
    return secrets.compare_digest(bare.encode(), KEY.replace("-", "").encode())


def draw() -> None:
    """The foot of the sidebar, where visitors only watch: what they may, and where the key is typed."""
    if may_act():
        return
    st.caption("You are watching: explore, morph, compare and learn. To train, upload or delete takes a key.")
    with st.popover("Type the key", icon=":material/key:", width="stretch"):
        st.caption("The terminal in which the studio was started tells it.")
        _form(key="key", height="content")


class Key:
    """ASGI middleware: exchanges the key for the cookie, and takes no upload from those who only watch."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._waiting: set[str] = set()  # addresses whose last key was wrong a moment ago

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        if path.endswith("/key") and scope["method"] == "POST":
            await self._exchange(scope, receive, send)
        elif "/_stcore/upload_file/" in path and not may_upload(scope):
            await _answer(send, 403)
        else:
            await self.app(scope, receive, send)

    async def _exchange(self, scope: Message, receive: Receive, send: Send) -> None:
        address = str((scope.get("client") or ("",))[0])
        if address in self._waiting:
            await _answer(send, 429)
        elif is_key(await _body(receive)):
            secure = "; Secure" if "https" in (scope.get("scheme"), sent(scope).get("x-forwarded-proto")) else ""
            cookie = f"{COOKIE}={_PROOF}; Path=/; HttpOnly; SameSite=Strict{secure}"
            await _answer(send, 204, [(b"set-cookie", cookie.encode())])
        else:
            self._waiting.add(address)
            try:
                await asyncio.sleep(WRONG_SECONDS)
            finally:
                self._waiting.discard(address)
            await _answer(send, 403)


def may_upload(scope: Message) -> bool:
    """Whether a request may leave a file with the server."""
    if everybody_acts():
        return True
    try:
        found = SimpleCookie(sent(scope).get("cookie", "")).get(COOKIE)
    except CookieError:
        return False
    return found is not None and is_proof(found.value)


async def _body(receive: Receive) -> str:
    """What was sent, or nothing of what is longer than any key."""
    content, more = b"", True
    while more and len(content) <= MAX_BYTES:
        message = await receive()
        content += message.get("body", b"")
        more = bool(message.get("more_body"))
    return content.decode("utf-8", "replace") if len(content) <= MAX_BYTES else ""


async def _answer(send: Send, status: int, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0"), *headers]})
    await send({"type": "http.response.body", "body": b""})
