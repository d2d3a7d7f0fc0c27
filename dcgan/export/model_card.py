"""A run's model card: README.md with front matter, as model hubs read it, and card.png, a sheet of samples beside it.

Every number comes from the run's own files and from its evaluation; the same run gives the same card.
"""

import dataclasses
import io
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from dcgan.config import Config, those
from dcgan.data import sources
from dcgan.errors import BadInput
from dcgan.evaluation.figures import FIGURES, metric_name
from dcgan.evaluation.report import evaluate_run
from dcgan.evaluation.verdict import verdict
from dcgan.export.card_figures import known_faults, plain, quality
from dcgan.images.grids import grid, upscale
from dcgan.latent.class_centres import z_of
from dcgan.latent.render import render
from dcgan.latent.seeds import sample_seeds
from dcgan.networks.inspection import layer_tables
from dcgan.networks.layer_sizes import parameter_counts
from dcgan.presets import PRESETS
from dcgan.runs import live_settings
from dcgan.runs.checkpoint import open_generator
from dcgan.runs.metrics_blocks import columns_of, events_of
from dcgan.runs.run import Run
from dcgan.system.files import publish
from dcgan.system.names import data_title
from dcgan.system.paths import PROJECT

if TYPE_CHECKING:
    from dcgan.evaluation.report import Progress
    from dcgan.networks.models import Generator

SAMPLES = 64  # on the sheet
NOT_TASTE = (*those(own=False), "data", "num_steps", "num_minutes", "device", "num_threads")


@dataclasses.dataclass(frozen=True)
class Licence:
    """Of a data set, as its authors state it."""

    words: str
    hub: str  # the identifier that model hubs know
    dataset: str = ""  # its identifier there


LICENCES = {
    "Fashion-MNIST": Licence(
        "MIT, copyright Zalando SE (Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747, "
        "github.com/zalandoresearch/fashion-mnist).",
        *("mit", "zalando-datasets/fashion_mnist"),
    ),
    "MNIST": Licence(
        "Creative Commons Attribution-Share Alike 3.0, copyright Yann LeCun and Corinna Cortes (as keras.io/api/"
        "datasets/mnist states it).",
        *("cc-by-sa-3.0", "ylecun/mnist"),
    ),
    "CelebA": Licence(
        "For research that is not commercial only (Liu et al. 2015, mmlab.ie.cuhk.edu.hk/projects/CelebA.html).",
        *("other", "flwrlabs/celeba"),
    ),
}
UNKNOWN = Licence("Not known to the studio: ask whoever made the pictures.", "unknown")


def write_card(run: Run, n: int = 10_000, seed: int = 0, progress: "Progress" = lambda share, doing: None) -> Path:
    """Write README.md and card.png into a run's directory; the path of the former.

    Measures the newest generator unless the run has that report already. Raises BadInput without a generator or its
    data, or when the directory can't be written to.
    """
    generator = open_generator(run)
    report = evaluate_run(run, generator, n, seed, progress)
    path = run.path / "README.md"
    try:
        publish(run.path / "card.png", sample_sheet(generator, seed))
        publish(path, card(run, generator, report).encode())
    except OSError as error:
        raise BadInput(f"Run {run.id} can't be written to ({error.strerror}).") from None
    return path


def sample_sheet(generator: "Generator", seed: int = 0) -> bytes:
    """Seeds seed, seed + 1, ..., none left out, as a PNG of 8 x 8 pictures."""
    config = generator.config
    pictures = render(generator, z_of(generator, sample_seeds(seed, SAMPLES)))
    buffer = io.BytesIO()
    sheet = upscale(grid(pictures, columns=8), max(1, 64 // config.image_size))
    Image.fromarray(np.ascontiguousarray(sheet)).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def card(run: Run, generator: "Generator", report: dict[str, Any]) -> str:
    """The card as Markdown."""
    parts = [
        _front_matter(run, report),
        f"# {plain(run.name)}\n\n{plain(verdict(report).text)}",
        f"![Samples of the seeds {report['seed']} to {report['seed'] + SAMPLES - 1}, none left out](card.png)",
        _what(generator),
        _data(generator.config, report),
        _training(run, generator, report),
        quality(run, generator, report),
        known_faults(report),
        _use(run, generator),
    ]
    return "\n\n".join(parts) + "\n"


# ---- sections


def _front_matter(run: Run, report: dict[str, Any]) -> str:
    """YAML; each value is written as JSON, which YAML understands."""
    title = _title(report)
    licence = LICENCES.get(title, UNKNOWN)
    metrics = [
        (metric_name(report) if key == "distance" else FIGURES[key].label, found["value"])
        for key, found in report["figures"].items()
        if found is not None
    ]
    rows = []
    for label, value in metrics:
        kind = json.dumps(label.lower().replace(" ", "-"))
        rows.append(f"    - {{type: {kind}, name: {json.dumps(label)}, value: {value:.6g}}}")
    lines = [
        "---",
        f"license: {licence.hub}",
        "library_name: dcgan-studio",
        "pipeline_tag: unconditional-image-generation",
        "tags: [dcgan, gan, image-generation, safetensors]",
        *([f"datasets: [{licence.dataset}]"] if licence.dataset else []),
    ]
    if rows:
        lines += [
            "model-index:",
            f"- name: {json.dumps(run.name, ensure_ascii=False)}",
            "  results:",
            "  - task: {type: unconditional-image-generation}",
            f"    dataset: {{name: {json.dumps(title, ensure_ascii=False)}, type: {licence.dataset or 'own'}, "
            f"split: {report['reference']['split']}}}",
            "    metrics:",
            *rows,
        ]
    return "\n".join([*lines, "---"])


def _what(generator: "Generator") -> str:
    config = generator.config
    counts = parameter_counts(config)
    colours = "grey" if config.channels == 1 else "colour"
    rows = [
        f"| {plain(layer.name)} | {' x '.join(map(str, layer.shape))} | {layer.parameters:,} |"
        for layer in layer_tables(config)["G"]
    ]
    asked = "it can't be asked for a class."
    if names := config.names_of_classes:
        asked = f"it can be asked for one of {len(names)} classes: {', '.join(map(plain, names))}."
    prior = "a normal distribution" if config.z_prior == "normal" else "a uniform distribution"
    table = "\n".join(["| layer of the generator | output | numbers |", "|---|---|---|", *rows])
    return (
        "## What it is\n\n"
        f"The generator of a DCGAN (Radford, Metz, Chintala 2016, arXiv:1511.06434). It turns {config.z_dim} numbers "
        f"drawn from {prior} into one {colours} picture of {config.image_size} x {config.image_size} pixels; "
        f"{asked} Numbers to learn: generator {counts['G']['trainable']:,}, discriminator "
        f"{counts['D']['trainable']:,}.\n\n{table}"
    )


def _data(config: Config, report: dict[str, Any]) -> str:
    splits, title = report["pixels"]["splits"], _title(report)
    part = ""
    if ":" in config.data and title in LICENCES:
        part = f", classes {config.data.partition(':')[2]} only"
    held_out = (
        f"{splits['test']:,} held out for measuring" if report["reference"]["split"] == "test" else "none held out"
    )
    return (
        f"## Data\n\n{plain(title)}{part}: {splits['train']:,} pictures to learn from, {held_out}; fingerprint "
        f"`{config.data_fingerprint}`.\n\nLicence: {LICENCES.get(title, UNKNOWN).words}"
    )


def _training(run: Run, generator: "Generator", report: dict[str, Any]) -> str:
    config, status, step = generator.config, run.status(), report["step"]
    images = step * config.batch_size
    rows = {
        "Recipe": f"preset {config.preset}" + (f": {PRESETS[config.preset].title}" if config.preset in PRESETS else ""),
        "Steps": f"{step:,} of {config.batch_size} pictures each: {images:,} in all, "
        f"{images / max(report['pixels']['splits']['train'], 1):.1f} epochs",
    }
    points = columns_of(run.metrics_path, "step", "time_s")
    times = points["time_s"][(points["step"] <= step) & ~np.isnan(points["time_s"])]
    seconds = float(times.max(initial=0.0))
    if seconds:
        rows["Time and machine"] = f"{_duration(seconds)} on {status.device or 'an unknown device'}"
    rows |= {
        "Optimiser": f"{config.optimizer}, rates G {config.lr_g:g} and D {config.lr_d:g}"
        + (f", divided by 1 + {config.lr_decay:g} x step" if config.lr_decay else ""),
        "Averaged weights (EMA)": f"half-life {config.ema_half_life_images:,} pictures"
        if config.ema_half_life_images
        else "none: these are the raw weights",
        "Precision": "bfloat16 where the machine has it" if config.precision == "auto" else config.precision,
        "Seed": str(config.seed),
    }
    changes = [event for event in events_of(run.metrics_path) if event["event"] == "change" and event["step"] < step]
    if changes:
        rows["Changed on the way"] = "; ".join(
            f"{live_settings.words(line)} from step {line['step']:,} on" for line in changes
        )
    parent = run.parent()
    if parent.run:
        rows["Forked from"] = f"{parent.run} at step {parent.step:,}"
    table = "\n".join(["| | |", "|---|---|", *(f"| {name} | {plain(text)} |" for name, text in rows.items())])
    return f"## How it was trained\n\n{table}{_own_settings(config)}\n\n`config.json` holds every setting."


def _own_settings(config: Config) -> str:
    preset = PRESETS.get(config.preset)
    if preset is None:
        return ""
    own = [
        f"`{field.name}` {getattr(config, field.name)}"
        for field in dataclasses.fields(Config)
        if field.name not in NOT_TASTE and getattr(config, field.name) != getattr(preset.config, field.name)
    ]
    return f"\n\nOther than in today's preset: {', '.join(own)}." if own else ""


def _use(run: Run, generator: "Generator") -> str:
    config, quoted = generator.config, run.id
    folder = run.path.relative_to(PROJECT).as_posix() if run.path.is_relative_to(PROJECT) else quoted
    size = f"{config.image_size}, {config.image_size}" + (", 3" if config.channels == 3 else "")
    names = config.names_of_classes
    asked_in_python = f", of_class={json.dumps(names[0], ensure_ascii=False)}" if names else ""
    asked = f" --class {shlex.quote(names[0])}" if names else ""
    return f"""## How to use it

In the studio: `streamlit run app.py`, then **Explore** or **Interpolate**, and choose *{plain(run.name)}*.

In a terminal:

```sh
python -m dcgan sample {quoted} --n 16{asked} --out samples.png
python -m dcgan interpolate {quoted} --seeds 1 2 3 --loop --out morph.gif
python -m dcgan evaluate {quoted} --n 1000 --out report.html
```

In Python:

```python
from dcgan import draw, load_generator

generator = load_generator("{folder}/generator.safetensors")
pictures = draw(generator, seeds=range(16){asked_in_python})  # uint8 (16, {size})
```

`generator.safetensors` holds numbers only, so opening it runs no code; SHA-256 of its weights:
`{generator.origin.weights_hash if generator.origin else ""}`."""


# ---- helpers


def _title(report: dict[str, Any]) -> str:
    """The data set's name; that of a folder without the way to it, which is nobody's business."""
    name = report["data"].partition(":")[0].lower()
    if name in sources.IDX_TITLES:
        return sources.IDX_TITLES[name]
    if name == "celeba":
        return "CelebA"
    return data_title(report["data"])


def _duration(seconds: float) -> str:
    minutes = seconds / 60
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.1f} hours"
