"""Where visitors only watch: nothing changes without the key, whatever a page shows."""

import ast
import asyncio
import io
from pathlib import Path

import pytest

from dcgan.data import sources
from dcgan.errors import BadInput
from dcgan.evaluation import report
from dcgan.judges import training_process
from dcgan.runs import launch
from dcgan.runs.run import Run
from dcgan.system.paths import PROJECT
from pages.common import visitors
from pages.evaluate import judge_training, reports
from pages.learn import one_step
from pages.training import (
    alarm_view,
    bring_generator,
    change_settings,
    fork_form,
    live_view,
    pick_pictures,
    run_actions,
    run_notes,
    start_view,
)
from tests.pages.app import labels, open_page, texts
from tests.training.test_loop import play

# what changes a file, starts a process, or reads a folder that somebody named
ACTS = {
    *("launch.start", "launch.kill", "run.ask", "live_settings.ask", "upkeep.delete", "upkeep.train_further"),
    *("run.delete", "made.delete", "run.rename", "fork", "Run.create", "uploads.store_upload", "sources.check"),
    *("training_process.start", "training_process.cancel", "evaluate_run", "project", "bring", "notes.write"),
    "map_for",
}
ITSELF = "upkeep.py"  # what pages do to runs: its callers ask
ACTING = {"Start training", "Pause", "Resume", "Step", "Stop", "Fork from here", "Change settings", "Rename", "Delete"}
ACTING |= {
    "Train further",
    "Go on",
    "Go on with it",
    "New run",
    "Train a judge",
    "Measure",
    "Find its z",
    "Bring a generator",
    "Write a note",
    "Make the map",
    "Take this step",
}


@pytest.fixture
def watch(monkeypatch) -> None:
    monkeypatch.setenv(visitors.VISITORS, "watch")
    monkeypatch.setattr(visitors, "cookie", lambda: "")  # a page test has no browser


@pytest.fixture
def run(root, tiny) -> Run:
    made = Run.create(tiny, root, "first")
    play(made)
    made.extend(400)
    return made


def acting_functions() -> list[tuple[Path, ast.FunctionDef, int, str]]:
    """Every function of a page that acts: its file, itself, the line of the act, and what is called."""
    found = []
    for path in sorted((PROJECT / "pages").rglob("*.py")):
        if path.name == ITSELF:
            continue
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef):
                calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
                found += [
                    (path, function, call.lineno, name) for call in calls if (name := ast.unparse(call.func)) in ACTS
                ]
    return found


def test_whatever_acts_asks_first_who_it_is():
    found = acting_functions()
    assert {name for *_, name in found} == ACTS, "an act that no page has any more, or under another name"
    for path, function, line, name in found:
        checks = [
            node.lineno
            for node in ast.walk(function)
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "visitors.check"
        ]
        assert checks and min(checks) < line, f"{path.name}: {function.name} calls {name} for everybody"


def everything(root: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_without_the_key_no_callback_changes_anything(run, root, tiny, watch, monkeypatch):
    monkeypatch.setattr(launch, "start", lambda run: pytest.fail("started"))
    monkeypatch.setattr(launch, "kill", lambda run: pytest.fail("killed"))
    monkeypatch.setattr(training_process, "start", lambda config: pytest.fail("a judge was started"))
    monkeypatch.setattr(report, "evaluate_run", lambda *_, **__: pytest.fail("measured"))
    monkeypatch.setattr(sources, "check", lambda source: pytest.fail("a folder was read"))
    before, status = everything(root), run.status()
    weights = io.BytesIO(run.generator_path.read_bytes())
    weights.name = "g.safetensors"
    callbacks = [
        lambda: bring_generator.take(weights, "", "", {}),
        lambda: start_view._start("quick", {}, tiny.data),
        lambda: live_view._ask(run, "stop"),
        lambda: live_view._stop(run, status),
        lambda: one_step._take(run),
        lambda: fork_form.begin(run, 12, {}),
        lambda: alarm_view._go_back(run, 0, {}),
        lambda: alarm_view._stop(run),
        lambda: change_settings._apply(run, {"lr_g": 0.1}, "now"),
        lambda: run_notes.save(run, "mine"),
        lambda: run_actions.begin(run),
        lambda: run_actions.begin(run, 1000),
        lambda: pick_pictures._checked(tiny.data),
        lambda: list(reports.measure([reports.Wanted(run, None)], 1000)),
        lambda: judge_training._offer(tiny, sources.resolve(tiny.data)),
    ]
    for callback in callbacks:
        try:
            callback()
        except BadInput as error:
            assert "key" in str(error)
    assert everything(root) == before


@pytest.mark.parametrize(
    ("path", "query", "kept"),
    [
        ("training/train", {"run": "first"}, set()),
        ("training/train", {"new": "1"}, set()),
        ("training/runs", {"run": "first"}, {"Open", "Explore"}),
        ("evaluate/evaluate", {"run": "first"}, set()),
        ("latent/explore", {"run": "first", "panel": "project"}, set()),
    ],
)
def test_who_watches_sees_everything_but_what_acts(run, watch, path, query, kept):
    app = open_page(path, **query)
    shown = {button.label for button in app.button if not button.disabled}
    shown |= {link.proto.label for link in app.get("page_link")}
    assert not shown & ACTING and kept <= shown
    assert not app.get("file_uploader")
    assert any("You are watching" in caption.value for caption in app.sidebar.caption)


@pytest.mark.parametrize("page", ["training/runs", "latent/explore", "evaluate/evaluate", "learn/learn"])
def test_who_watches_an_empty_studio_is_not_told_to_train(root, watch, page):
    app = open_page(page)
    links = {link.proto.label for link in app.get("page_link")}
    assert not (links | set(labels(app))) & {"Go to Train", "Train a run to tell it with", "Train the first run"}
    assert not any(words in texts(app) for words in ("Train one first", "With the quick preset"))


def test_who_has_typed_the_key_sees_what_acts(run, watch, monkeypatch):
    monkeypatch.setattr(visitors, "cookie", lambda: visitors._PROOF)
    app = open_page("training/train", run="first")
    assert {"Resume", "Fork from here"} <= {button.label for button in app.button}


def test_everybody_acts_where_nothing_is_set(run):
    app = open_page("training/train", run="first")
    assert {"Resume", "Fork from here"} <= {button.label for button in app.button}
    assert not any("You are watching" in caption.value for caption in app.sidebar.caption)


def test_the_key_is_printed_only_where_it_is_needed(monkeypatch, capsys):
    monkeypatch.delenv(visitors.VISITORS, raising=False)
    visitors.announce()
    assert visitors.KEY not in capsys.readouterr().out
    monkeypatch.setenv(visitors.VISITORS, "watch")
    visitors.announce()
    assert visitors.KEY in capsys.readouterr().out
    monkeypatch.setenv(visitors.VISITORS, "some")
    with pytest.raises(BadInput, match="DCGAN_VISITORS must be all or watch, not 'some'"):
        visitors.announce()


def ask(app: visitors.Key, method: str, path: str, body: bytes = b"", cookie: str = "", address: str = "1") -> tuple:
    """The status and the headers of an answer; 200 comes from the application behind."""
    headers = [(b"cookie", cookie.encode())] if cookie else []
    scope = {"type": "http", "method": method, "path": path, "headers": headers, "client": (address, 1)}
    told: list[dict] = []

    async def receive() -> dict:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict) -> None:
        told.append(message)

    async def all_of_it() -> None:
        await app(scope, receive, send)

    asyncio.run(all_of_it())
    return told[0]["status"], dict(told[0]["headers"])


async def behind(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})


def test_the_key_is_exchanged_for_a_cookie_with_which_uploads_are_taken(watch, monkeypatch):
    monkeypatch.setattr(visitors, "WRONG_SECONDS", 0.0)
    app = visitors.Key(behind)
    upload = "/base/_stcore/upload_file/session/file"
    assert ask(app, "GET", "/train") == (200, {})
    assert ask(app, "PUT", upload)[0] == 403
    for wrong in (b"", b"AAAA-BBBB-CCCC", visitors.KEY[:-1].encode(), b"\xff" * 12, 100 * visitors.KEY.encode()):
        status, headers = ask(app, "POST", "/base/key", wrong)
        assert status == 403 and b"set-cookie" not in headers
    status, headers = ask(app, "POST", "/base/key", visitors.KEY.lower().replace("-", " ").encode())
    assert status == 204
    cookie, *rules = headers[b"set-cookie"].decode().split("; ")
    assert {"HttpOnly", "SameSite=Strict"} <= set(rules) and not any("Max-Age" in rule for rule in rules)
    assert visitors.KEY not in cookie
    assert ask(app, "PUT", upload, cookie=cookie)[0] == 200
    for other in (cookie[:-1], "a=b", f"{cookie.split(chr(61))[0]}=", "\x00;=;"):
        assert ask(app, "PUT", upload, cookie=other)[0] == 403
    monkeypatch.setenv(visitors.VISITORS, "all")
    assert ask(app, "PUT", upload)[0] == 200


def test_an_address_that_was_wrong_a_moment_ago_has_to_wait(watch, monkeypatch):
    monkeypatch.setattr(visitors, "WRONG_SECONDS", 0.2)
    app = visitors.Key(behind)
    told: dict[str, list[int]] = {"1": [], "2": []}

    async def attempt(address: str, body: bytes) -> None:
        scope = {"type": "http", "method": "POST", "path": "/key", "headers": [], "client": (address, 1)}

        async def receive() -> dict:
            return {"type": "http.request", "body": body}

        async def send(message: dict) -> None:
            if "status" in message:
                told[address].append(message["status"])

        await app(scope, receive, send)

    async def all_of_them() -> None:
        wrong = asyncio.create_task(attempt("1", b"wrong"))
        await asyncio.sleep(0.05)
        await attempt("1", visitors.KEY.encode())  # nobody learns by trying faster
        await attempt("2", visitors.KEY.encode())  # nobody else has to wait
        await wrong
        await attempt("1", visitors.KEY.encode())

    asyncio.run(all_of_them())
    assert told == {"1": [429, 403, 204], "2": [204]}
