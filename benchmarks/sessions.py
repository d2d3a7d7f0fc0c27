"""Many visitors at once: what a studio with so many open sessions takes while a run trains, and whether all are served.

Every session is a connection as a browser has it, that asks for a page and then again and again for its parts that
redraw themselves; half of them open Explore, half watch the run on Train. A browser's own work is not in it.

    python -m benchmarks.sessions --sessions 1 12 40 --seconds 60
"""

import argparse
import asyncio
import contextlib
import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from dcgan.runs import launch
from dcgan.runs.run import Run
from dcgan.system.paths import PROJECT
from tests.browser.studio import SHIPPED, Studio

PAGES = ("explore", "train")


class Session:
    """One visitor: opens a page and keeps its self-redrawing parts going."""

    def __init__(self, studio: Studio, page: str) -> None:
        self.address, self.page = f"ws{studio.url.removeprefix('http')}/_stcore/stream", page
        self.first_s: float | None = None  # from the wish to the whole page
        self.redraws: list[float] = []  # seconds from each later wish to its end
        self.errors: list[str] = []

    async def live(self, until: float) -> None:
        try:
            async with websockets.connect(self.address, subprotocols=["streamlit"], max_size=None) as socket:  # type: ignore[list-item]
                await self._talk(socket, until)
        except Exception as error:  # one that is thrown out counts, and the others go on
            self.errors.append(f"{type(error).__name__}: {error}")

    async def _talk(self, socket: websockets.ClientConnection, until: float) -> None:
        due: dict[str, tuple[float, float]] = {}  # fragment -> when it redraws next, its interval
        asked: float | None = time.monotonic()
        await socket.send(wish(self.page))
        while (now := time.monotonic()) < until:
            if asked is None and due:
                fragment, (when, interval) = min(due.items(), key=lambda item: item[1][0])
                if when <= now:
                    due[fragment], asked = (now + interval, interval), now
                    await socket.send(wish(self.page, fragment))
                    continue
                wait = when - now
            else:
                wait = until - now
            try:
                content = await asyncio.wait_for(socket.recv(), max(0.01, min(wait, until - now)))
            except TimeoutError:
                continue
            message = ForwardMsg.FromString(content if isinstance(content, bytes) else content.encode())
            kind = message.WhichOneof("type")
            if kind == "auto_rerun":
                due[message.auto_rerun.fragment_id] = (
                    time.monotonic() + message.auto_rerun.interval,
                    message.auto_rerun.interval,
                )
            elif kind == "delta" and message.delta.new_element.WhichOneof("type") == "exception":
                self.errors.append(message.delta.new_element.exception.message)
            elif kind == "stop_auto_rerun":
                due.pop(message.stop_auto_rerun.fragment_id, None)
            elif kind == "script_finished" and asked is not None:
                took, asked = time.monotonic() - asked, None
                if self.first_s is None:
                    self.first_s = took
                else:
                    self.redraws.append(took)


def wish(page: str, fragment: str = "") -> bytes:
    """What a browser sends to see a page, or one part of it again."""
    message = BackMsg()
    state = message.rerun_script
    state.page_name, state.fragment_id, state.is_auto_rerun = page, fragment, bool(fragment)
    state.context_info.timezone, state.context_info.locale = "UTC", "en"
    return message.SerializeToString()


async def visit(studio: Studio, number: int, seconds: float) -> list[Session]:
    """So many sessions, which come within the first third of the time."""
    until = time.monotonic() + seconds
    sessions = [Session(studio, page) for page, _ in zip(itertools.cycle(PAGES), range(number), strict=False)]

    async def arrive(i: int, session: Session) -> None:
        await asyncio.sleep(i * seconds / 3 / number)
        await session.live(until)

    await asyncio.gather(*(arrive(i, session) for i, session in enumerate(sessions)))
    return sessions


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 12, 40])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--preset", default="quick")
    args = parser.parse_args()
    print("| sessions | errors | first view, median and slowest | redraw, the same | server's memory | images/s |")
    print("|---|---|---|---|---|---|")
    for number in args.sessions:
        with tempfile.TemporaryDirectory() as name:
            measure(Path(name), number, args.seconds, args.preset)


def measure(folder: Path, number: int, seconds: float, preset: str) -> None:
    root = folder / "runs"
    root.mkdir()
    (root / SHIPPED.name).symlink_to(SHIPPED)
    studio = Studio(root, folder / "server.log")
    command = [sys.executable, "-m", "dcgan", "train", "--preset", preset, "--root", str(root), "--name", "run"]
    with open(folder / "train.log", "wb") as log:
        training = subprocess.Popen(["nice", "-n", "5", *command], cwd=PROJECT, stdout=log, stderr=log)
    run = Run(root / "run")
    try:
        while run.status().step < 20:
            if training.poll() is not None:
                raise SystemExit((folder / "train.log").read_text())
            time.sleep(0.2)
        before, begun = run.status(), time.monotonic()
        sessions = asyncio.run(visit(studio, number, seconds))
        after, taken = run.status(), time.monotonic() - begun
        memory = psutil.Process(studio.process.pid).memory_info().rss / 1e6
    finally:
        launch.kill(run)
        training.wait()
        studio.kill()
    errors = [error for session in sessions for error in session.errors]
    unserved = sum(session.first_s is None for session in sessions)
    first = sorted(session.first_s for session in sessions if session.first_s is not None) or [0.0]
    redraws = sorted(taken for session in sessions for taken in session.redraws) or [0.0]
    print(
        f"| {number} | {len(errors) + unserved} | {statistics.median(first):.1f} s, {first[-1]:.1f} s | "
        f"{statistics.median(redraws):.2f} s, {redraws[-1]:.1f} s | {memory:,.0f} MB | "
        f"{(after.images - before.images) / taken:,.0f} |",
        flush=True,
    )
    for error in list(dict.fromkeys(errors))[:3]:
        print(f"  {error}", file=sys.stderr)
    with contextlib.suppress(OSError):
        if "Traceback" in studio.log.read_text():
            print(studio.log.read_text()[-2000:], file=sys.stderr)


if __name__ == "__main__":
    main()
