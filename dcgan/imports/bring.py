"""From a stranger's file to a run: its generator, a sample grid of it, and settings that say where it came from."""

from collections.abc import Mapping
from pathlib import Path

from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.images.decode import shown
from dcgan.imports.foreign_layout import generator_in
from dcgan.imports.foreign_weights import networks_in
from dcgan.networks.generator_file import generator_bytes, load_generator, metadata_of
from dcgan.networks.models import Generator
from dcgan.presets import IMPORTED
from dcgan.provenance.redraw import drawn
from dcgan.provenance.weights import origin_in
from dcgan.runs.new_run import compared_with
from dcgan.runs.records import Status
from dcgan.runs.run import Run, default_root
from dcgan.system.files import PRIVATE, publish
from dcgan.system.names import slug

UNTOLD = ("g_activation", "leak", "output", "z_prior")  # settings that weights don't tell
NUM_SAMPLES = 64


def bring(
    path: Path,
    data: str = "",
    settings: Mapping[str, object] | None = None,
    name: str = "",
    root: Path | None = None,
    file: str = "",
) -> tuple[Run, str]:
    """Make a run of the generator in a file, called `name` or as the `file`; returns it, and where in the file it was.

    `data` is the SPEC of the pictures to compare it with, if they are here; `settings` are some of UNTOLD. Raises
    BadInput, before anything is made, for a file that holds no such generator and for an id that is taken.
    """
    settings, file = dict(settings or {}), file or Path(path).name
    if other := [each for each in settings if each not in UNTOLD]:
        raise BadInput(f"{shown(other[0])} follows from the weights; what they don't tell is {', '.join(UNTOLD)}.")
    if name and (Path(root or default_root()) / (slug(name) or ".")).exists():
        raise BadInput(f"The name {shown(name)} can't be used or is taken: give this run another.")
    where, generator = _opened(Path(path), file, settings)
    if data:
        generator.config = compared_with(generator.config, data)
    step = generator.origin.step if generator.origin else 0
    content = generator_bytes(generator, step)

    def fill(draft: Run) -> None:
        publish(draft.generator_path, content)
        draft.write_status(Status(state="finished", step=step))

    run = Run.create(generator.config, root, name, fill, otherwise=Path(file).stem)
    recipe = {"run": run.id, "step": step, "weights_hash": metadata_of(content)["weights_hash"]}
    recipe |= {"seed": 0, "n": NUM_SAMPLES, "truncation": 1.0}
    run.sample_path(step).parent.mkdir(PRIVATE)
    publish(run.sample_path(step), drawn(generator, recipe, ".png"))
    return run, where


def found_words(config: Config, where: str) -> str:
    """What was found, and what was assumed of it, in one sentence each."""
    inside = f" under {shown(where)}" if where else ""
    kind = "grey" if config.channels == 1 else "colour"
    assumed = f"{config.g_activation} between its layers, {config.output} at its end, z from a {config.z_prior} prior"
    return (
        f"A generator of {kind} pictures of {config.image_size} px, with a z of {config.z_dim} and {config.ngf} maps "
        f"in its last hidden layer{inside}. Assumed, since weights don't tell: {assumed}."
    )


def _opened(path: Path, file: str, settings: Mapping[str, object]) -> tuple[str, Generator]:
    """The generator of the file, and the names that lead to it there."""
    if origin_in(path) is None:
        return generator_in(networks_in(path, file), file, **settings)
    if settings:
        raise BadInput(f"{shown(file)} was saved by DCGAN Studio and tells its settings itself: leave them out.")
    generator = load_generator(path)
    generator.config = generator.config.replace(preset=IMPORTED)
    return "", generator
