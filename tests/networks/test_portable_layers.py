"""A generator's file opens in plain PyTorch, with the very lines that the README shows."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from dcgan.config import Config
from dcgan.latent import seeds
from dcgan.networks.generator_file import generator_bytes, load_generator
from dcgan.networks.models import Generator
from dcgan.presets import PRESETS
from dcgan.system.paths import PROJECT
from tests.nets import lively

SMALL = {"classic-64": {}, "three-sets-faces": {"ngf": 8}}  # what is as large as it is published, and what is too slow
ELSEWHERE = """
import os, sys
import numpy
lines = open("lines.txt").read()
for folder in sys.argv[1:]:
    os.chdir(folder)
    mine = {}
    exec(lines, mine)
    z = mine["torch"].from_numpy(numpy.load("z.npy")).view(-1, *mine["json"].loads(mine["f"].metadata()["input"]))
    with mine["torch"].no_grad():
        numpy.save("pictures.npy", mine["net"].eval()(z).numpy())
assert not any(name.split(".")[0] == "dcgan" for name in sys.modules)
"""


def shown_lines() -> str:
    """The README's Python that needs no studio, up to where pictures are made."""
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    (block,) = (block for block in re.findall(r"```python\n(.*?)```", readme, re.S) if "safe_open" in block)
    head, _, rest = block.partition("pictures = ")
    assert rest
    return head


@pytest.fixture(scope="module")
def opened(tmp_path_factory) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Preset -> what its file draws in an interpreter that can't find this package, and what it draws here."""
    place, generators = tmp_path_factory.mktemp("elsewhere"), {}
    for name in PRESETS:
        config = PRESETS[name].config
        generators[name] = lively(config.replace(**SMALL.get(name, {"ngf": min(config.ngf, 16)})))
        write(place / name, generators[name])
    write(place / "half", generators["quick"], half=True)
    generators["half"] = load_generator(place / "half" / "generator.safetensors")
    (place / "lines.txt").write_text(shown_lines())
    (place / "mine.py").write_text(ELSEWHERE)
    command = [sys.executable, "-I", "mine.py", *(str(place / name) for name in generators)]  # -I: no PYTHONPATH
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return {
        name: (np.load(place / name / "pictures.npy"), generator(latents(generator)).numpy())
        for name, generator in generators.items()
    }


def write(folder: Path, generator: Generator, half: bool = False) -> None:
    folder.mkdir()
    (folder / "generator.safetensors").write_bytes(generator_bytes(generator, 7, half))
    np.save(folder / "z.npy", latents(generator).numpy())


def latents(generator: Generator) -> torch.Tensor:
    return seeds.z_from_seeds(range(3), generator.config.z_dim, generator.config.z_prior)


def test_the_readme_loads_in_three_lines():
    lines = [line for line in shown_lines().splitlines() if line and not line.startswith(("import", "from"))]
    assert len(lines) == 3 and "dcgan" not in shown_lines()


@pytest.mark.parametrize("name", [*PRESETS, "half"])
def test_every_preset_draws_the_same_without_this_package(opened, name):
    found, expected = opened[name]
    assert found.shape == expected.shape and np.ptp(expected) > 0.5
    assert np.abs(found - expected).max() < 1e-5


def test_the_description_is_plain_data(tmp_path):
    path = tmp_path / "g.safetensors"
    path.write_bytes(generator_bytes(lively(Config(image_size=16, z_dim=20, ngf=4)), 7))
    with safe_open(path, "pt") as file:
        blocks = json.loads(file.metadata()["layers"])
        assert json.loads(file.metadata()["input"]) == [20, 1, 1]
    assert [[kind for kind, _ in block] for block in blocks] == [
        ["ConvTranspose2d", "BatchNorm2d", "ReLU"], ["ConvTranspose2d", "BatchNorm2d", "ReLU"],
        ["ConvTranspose2d", "Tanh"],
    ]  # fmt: skip
