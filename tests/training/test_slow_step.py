"""A step looked at closely is the one that the run takes then, and leaves nothing behind."""

import threading

import numpy as np
import pytest
import torch

from dcgan.errors import REFUSED, BadInput
from dcgan.images.grids import to_uint8
from dcgan.runs.checkpoint import load_state, network_hashes
from dcgan.runs.run import Run
from dcgan.runs.step_frames import StepFrames, next_step, packed, unpacked
from dcgan.training.slow_step import main, take
from tests.training.test_loop import play
from tests.waiting import wait_for

PATIENCE = 120.0  # seconds, on a busy machine


def files(run: Run) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(run.path.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"image_size": 64, "d_sees": "original", "augment": "shift"},
        {"d_steps": 2, "g_noise": "fresh", "augment": "on", "dropout": 0.3, "micro_batch": 4, "d_batch": "together"},
    ],
    ids=["plain", "of originals", "with everything"],
)
def test_what_is_shown_is_what_the_step_command_then_does(root, tiny, settings):
    run = Run.create(tiny.replace(num_steps=10**9, **settings), root, "a")
    shown: list[StepFrames] = []
    failures: list[BaseException] = []

    def watch() -> None:
        try:
            wait_for(lambda: run.status().state == "running" and run.status().step > 3, PATIENCE)
            run.ask("pause")
            wait_for(lambda: run.status().state == "paused" and run.status().obeyed == run.control().serial, PATIENCE)
            run.change(lr_g=3e-3)  # a wish that the step will heed
            before = files(run)
            shown.append(take(run))
            assert {name: content for name, content in files(run).items() if "status" not in name} == {
                name: content for name, content in before.items() if "status" not in name
            }
            run.ask("step")
            wait_for(lambda: load_state(run)["step"] == shown[0].facts["step"] + 1)
        except BaseException as error:
            failures.append(error)
        finally:
            run.ask("stop")

    watcher = threading.Thread(target=watch)
    watcher.start()
    play(run)
    watcher.join()
    assert not failures, failures
    facts = shown[0].facts
    state = load_state(run)
    assert facts["exact"] and facts["lr_g"] == 3e-3 and state["step"] == facts["step"] + 1
    assert network_hashes(state["gan"]) == facts["after"]
    point = run.read_metrics()[0][-1]
    assert point["step"] == state["step"]
    recorded = {name: pytest.approx(facts[name], abs=1e-6) for name in ("d_loss", "g_loss", "d_real", "d_fake")}
    assert {name: point[name] for name in recorded} == recorded


@pytest.fixture
def run(root, tiny) -> Run:
    made = Run.create(tiny, root, "a")
    play(made)
    return made


def test_every_frame_holds_this_steps_own_numbers(run, tiny):
    found = take(run, shown=8)  # the whole batch
    assert found.z.shape == (8, 8) and found.gradient.shape == found.real.shape == (8, 1, 16, 16)
    real, fake = torch.tensor(found.on_real).sigmoid(), torch.tensor(found.on_fake).sigmoid()
    assert real.mean().item() == pytest.approx(found.facts["d_real"], abs=1e-5)
    assert fake.mean().item() == pytest.approx(found.facts["d_fake"], abs=1e-5)
    g_loss = torch.nn.functional.softplus(-torch.tensor(found.judged)).mean().item()
    assert g_loss == pytest.approx(found.facts["g_loss"], abs=1e-5)
    np.testing.assert_allclose(found.was, found.judged, atol=1e-5)  # nothing is augmented here
    assert np.abs(found.gradient).max() > 0 and np.abs(found.after - found.fakes).max() > 0
    assert {picture.tobytes() for picture in to_uint8(found.real)} <= {
        picture.tobytes() for picture in to_uint8(all_real(run))
    }


def test_the_gradient_says_how_the_loss_answers_to_a_pixel(run):
    """By two small steps along it, with the D of the run's state after D's own move alone."""
    found = take(run, shown=8)
    slope = float(np.square(found.gradient).sum())
    size = 1e-3 / np.abs(found.gradient).max()
    losses = [g_loss_of(run, found.fakes + sign * size * found.gradient) for sign in (-1, 1)]
    assert (losses[1] - losses[0]) / (2 * size) == pytest.approx(slope, rel=0.05)


def g_loss_of(run: Run, fakes: np.ndarray) -> float:
    """G's loss on pictures (8, 1, 16, 16) by the D that the next step leaves, in training mode."""
    from dcgan.data import batches, dataset
    from dcgan.training.gan import GAN
    from dcgan.training.session import go_on_from
    from dcgan.training.step import one_step

    images = dataset.load_for(run.config).images
    gan = GAN(run.config, torch.device("cpu"), pictures=len(images))
    stream = batches.BatchStream(len(images), run.config.batch_size, run.config.seed)
    _, now = go_on_from(load_state(run), run, run.config, gan, stream)
    gan.apply(now)
    one_step(gan, batches.Feed(images, gan.device), stream, now)
    with torch.no_grad():
        return torch.nn.functional.softplus(-gan.logits(torch.tensor(fakes, dtype=torch.float32))).mean().item()


def all_real(run: Run) -> np.ndarray:
    from dcgan.data import dataset

    return dataset.load_for(run.config).images.astype(np.float32) / 127.5 - 1


def test_a_process_of_its_own_sends_the_same(run):
    found, own = next_step(run), take(run)
    assert found.facts == own.facts
    for name, value in own._asdict().items():
        if name != "facts":
            np.testing.assert_array_equal(getattr(found, name), value)
    again = unpacked(packed({name: value for name, value in own._asdict().items() if name != "facts"}, own.facts))
    assert again.facts == own.facts


def test_what_can_not_be_stepped_is_refused_in_a_sentence(run, monkeypatch, capsys):
    for path in run.state_paths():
        path.write_bytes(b"no state")
    monkeypatch.setattr("sys.argv", ["slow_step", str(run.path)])
    with pytest.warns(UserWarning, match="damaged"):
        assert main() == REFUSED
    assert "its saved states are damaged" in capsys.readouterr().err
    for path in run.state_paths():
        path.unlink()
    with pytest.raises(BadInput, match="no saved state"):
        next_step(run)
