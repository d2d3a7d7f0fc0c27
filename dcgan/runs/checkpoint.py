"""Generators and training states as they lie in a run: found, opened, saved."""

import io
import os
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from dcgan.errors import BadInput, first_line
from dcgan.networks.generator_file import load_generator, weights_hash
from dcgan.networks.models import Discriminator, Generator
from dcgan.runs.run import Run
from dcgan.system.files import publish, sync_directory

_LOOKS = 5  # for states that are renamed while they are read


def open_generator(run: Run, step: int | str | None = None) -> Generator:
    """The run's newest generator, or the one kept at a step, or with `best` the one whose fakes came closest to real
    pictures; raises BadInput naming the steps there are."""
    if step is None:
        return load_generator(run.generator_path)
    if step == "best":
        if not run.best_path.exists():
            raise BadInput(
                f"Run {run.id} has no best generator yet: ",
                terminal=f"`python -m dcgan evaluate {run.id} --history` finds it among the kept steps.",
                page="pick one of its kept steps.",
            )
        return load_generator(run.best_path)
    kept = run.generators()
    if step not in kept:
        listed = ", ".join(map(str, kept)) or "none"
        raise BadInput(f"step {step} of {run.id} was not kept; the kept steps are {listed}.")
    return load_generator(kept[step])


def save_state(run: Run, state: dict[str, Any]) -> None:
    """Write the training state; the one before it stays as state.previous.pt."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    publish(run.next_state_path, buffer.getvalue())
    if run.state_path.exists():
        os.replace(run.state_path, run.previous_state_path)
    os.replace(run.next_state_path, run.state_path)
    sync_directory(run.path)


def load_state(run: Run) -> dict[str, Any]:
    """The newest undamaged training state, or BadInput; warns when it had to take an older one."""
    found, damaged = run.state_paths(), set[str]()
    for _ in range(_LOOKS):
        for path in found:
            try:
                return _read_state(path)
            except FileNotFoundError:  # a training renamed it a moment ago: it is whole, under another name
                found = run.state_paths()
                break
            except Exception as error:  # readers of damaged files raise nearly anything
                if path.name not in damaged:
                    words = f"{path.name} is damaged ({first_line(error)}); the one before it is used."
                    warnings.warn(words, stacklevel=2)
                damaged.add(path.name)
        else:
            break
    if found:
        raise BadInput(f"Run {run.id} can't go on: its saved states are damaged.")
    raise BadInput(f"Run {run.id} can't go on: it has no saved state (state.pt).")


def network_hashes(gan: Mapping[str, Any]) -> dict[str, str]:
    """The hash of G's and of D's weights in what a state holds of its GAN."""
    return {name: weights_hash(gan[name]) for name in ("G", "D")}


def _read_state(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as archive:
        if archive.testzip() is not None:  # compares every record with its CRC-32, which torch.load does not
            raise zipfile.BadZipFile("checksum mismatch")
    state = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(state, dict):
        raise ValueError("not a training state")
    return state


def _kept_state(run: Run, step: int) -> dict[str, Any]:
    try:
        return _read_state(run.kept_state_path(step))
    except Exception as error:  # thinned out a moment ago, or damaged
        raise BadInput(f"The state of {run.id} at step {step} can't be read ({first_line(error)}).") from None


def open_discriminator(run: Run, step: int | None = None) -> Discriminator | None:
    """The run's newest discriminator on the CPU, or that of the whole state kept at a step; None where none is."""
    try:
        weights = (load_state(run) if step is None else _kept_state(run, step))["gan"]["D"]
        discriminator = Discriminator(run.config)
        discriminator.load_state_dict(weights)
    except (BadInput, KeyError, RuntimeError):
        return None
    return discriminator.eval().requires_grad_(False)
