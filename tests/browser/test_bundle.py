"""What goes to the browser: folded layers, packed numbers, and kernels that belong to their source."""

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dcgan.browser import bundle, modules
from dcgan.browser.pack import Layer, pack, read_layers
from dcgan.errors import BadInput
from dcgan.latent import seeds
from dcgan.presets import PRESETS
from tests.nets import lively

SMALL = {name: preset.config.replace(ngf=8) for name, preset in PRESETS.items()}
ACTIVATIONS = {"relu": F.relu, "selu": F.selu, "tanh": torch.tanh, "none": lambda x: x}


def run(layers: list[Layer], z: Tensor) -> Tensor:
    """The folded layers by PyTorch's own convolutions, in double precision."""
    x = z.double()
    for layer in layers:
        weight, bias = torch.from_numpy(layer.weight), torch.from_numpy(layer.bias)
        if layer.kind == "dense":
            x = F.linear(x.flatten(1), weight, bias)
        elif layer.transposed:
            tight = (layer.map_in[0] - 1) * layer.stride - 2 * layer.start + len(weight)
            x = F.conv_transpose2d(
                x, weight.permute(3, 2, 0, 1), bias, layer.stride, layer.start, layer.map_out[0] - tight
            )
        else:
            x = F.conv2d(x, weight.permute(2, 3, 0, 1), bias, padding=layer.start)
        x = F.leaky_relu(x, layer.leak) if layer.activation == "leaky-relu" else ACTIVATIONS[layer.activation](x)
        if layer.scale is not None and layer.shift is not None:
            shape = (1, -1) if layer.kind == "dense" else (1, -1, 1, 1)
            x = x * torch.from_numpy(layer.scale).view(shape) + torch.from_numpy(layer.shift).view(shape)
        if layer.shape:
            x = x.view(-1, *layer.shape)
    return x


@pytest.mark.parametrize("name", PRESETS)
def test_folded_layers_are_the_generator(name):
    config = SMALL[name]
    generator = lively(config)
    z = seeds.z_from_seeds(range(3), config.z_dim, config.z_prior)
    expected = generator(z)
    assert expected.std() > 0.3
    assert (run(read_layers(generator), z) - expected).abs().max() < 1e-4


def header_of(packed: bytes) -> tuple[dict, bytes]:
    length = int.from_bytes(packed[:4], "little")
    return json.loads(packed[4 : 4 + length]), packed[4 + length :]


@pytest.mark.parametrize("name", ["quick", "basic-dcgan", "three-sets-digit"])
def test_a_packed_file_holds_what_its_header_says(name):
    config = SMALL[name]
    header, numbers = header_of(pack(lively(config)))
    assert (header["z_dim"], header["size"], header["channels"]) == (config.z_dim, config.image_size, config.channels)
    ends = []
    for row in header["layers"]:
        depth = sum(len(phase["taps"]) for phase in row["phases"]) if row["kind"] == "conv" else 1
        assert row["weights"][1] == depth * row["inputs"] * row["outputs"]
        for name in ("weights", "steps", "bias", "scale", "shift"):
            if row[name]:
                width = 2 if name == "weights" and row["steps"] else 4
                assert row[name][0] % 4 == 0
                ends.append(row[name][0] + width * row[name][1])
    assert max(ends) == len(numbers)


def test_large_layers_are_stored_in_two_bytes_to_within_half_a_step():
    generator = lively(PRESETS["quick"].config)
    header, numbers = header_of(pack(generator))
    row, layer = header["layers"][1], read_layers(generator)[1]
    steps = np.frombuffer(numbers, "<f4", row["steps"][1], row["steps"][0])
    stored = np.frombuffer(numbers, "<i2", row["weights"][1], row["weights"][0])
    first = row["inputs"] * len(row["phases"][0]["taps"])  # of the first phase's first panel
    dy, dx = row["phases"][0]["taps"][0]
    kernel = (layer.start - 2 * dy, layer.start - 2 * dx)  # the tap of output pixel (0, 0)
    got = stored[: first * 8].reshape(-1, row["inputs"], 8)[0] * steps[:8]  # (inputs, 8)
    assert np.abs(got - layer.weight[kernel].T[:, :8]).max() <= steps[:8].max() / 2 * 1.001
    assert len(numbers) < 2.2 * sum(p.numel() for p in generator.parameters())


def test_a_layer_that_the_browser_lacks_is_refused():
    generator = lively(SMALL["quick"])
    generator.blocks.append(nn.GELU())
    with pytest.raises(BadInput, match="GELU"):
        pack(generator)


def lines_of_hashes() -> Iterator[tuple[str, str]]:
    for line in bundle.source("engine/generator.sha256").splitlines():
        digest, name = line.split()
        yield name, digest


def test_the_kernels_are_those_of_their_source():
    hashes = dict(lines_of_hashes())
    assert set(hashes) == {"generator.c", "build.sh", *(Path(name).name for name in bundle.KERNELS.values())}
    for name, digest in hashes.items():
        found = hashlib.sha256((bundle.HERE / "engine" / name).read_bytes()).hexdigest()
        assert found == digest, f"{name} has changed: run dcgan/browser/engine/build.sh"


@pytest.mark.skipif(not (shutil.which("clang-19") and shutil.which("wasm-ld-19")), reason="needs clang-19 and lld-19")
def test_the_source_builds_the_very_same_bytes(tmp_path):
    for name in ("generator.c", "build.sh"):
        shutil.copy(bundle.HERE / "engine" / name, tmp_path)
    subprocess.run(["bash", str(tmp_path / "build.sh")], check=True, timeout=60)
    for name in bundle.KERNELS.values():
        assert (tmp_path / Path(name).name).read_bytes() == (bundle.HERE / name).read_bytes()


def test_the_programs_are_small_and_name_no_host():
    sizes = {"lab": 110_000, "morph": 110_000, "explorer": 150_000, "playground": 80_000}
    for program, most in sizes.items():
        text = bundle.script(program) + bundle.style(program)
        assert len(text) < most
        assert "http" not in text.replace("http://www.w3.org", "")


def test_every_script_is_in_a_program_once_and_after_what_it_needs():
    found = {str(path.relative_to(bundle.HERE)) for path in bundle.HERE.rglob("*.js")}
    needed = {bundle.WORKER}
    for entry in [*bundle.ENTRIES.values(), *(worker for _, worker in bundle.WORKERS.values())]:
        names = modules.in_order(entry, bundle.module)
        assert len(names) == len(set(names)) and names[-1] == entry
        for name in names:
            assert set(bundle.module(name).imports.values()) <= set(names[: names.index(name)])
        needed |= set(names)
    assert needed == found


def test_a_program_gives_pages_what_its_entry_exports_and_nothing_of_modules_is_left():
    assert "\nconst PROVIDES = { Lab, fromParams, toParams };\n" in bundle.script("lab")
    assert "\nconst PROVIDES = { Corners, Morph, morphParams };\n" in bundle.script("morph")
    for program in bundle.ENTRIES:
        script = bundle.script(program)
        assert not re.search(r"^(import|export)\b", script, re.MULTILINE)
        networks = program != "playground"  # which draws no pictures
        assert script.count("function networks()") == script.count("class Network ") == networks
        assert ("const KERNELS" in script) == networks
    assert bundle.script("playground").startswith('const GAME_WORKER = "')


def test_scripts_that_cannot_share_a_scope_are_refused_with_their_names(monkeypatch):
    def source(name: str) -> str:
        text = (bundle.HERE / name).read_text(encoding="utf-8")
        return text + "const Painter = 1;\n" if name == "latent/paths.js" else text

    monkeypatch.setattr(bundle, "source", source)
    for cached in (bundle.module, bundle.check):
        cached.cache_clear()
    try:
        with pytest.raises(ValueError, match=r"both define Painter"):
            bundle.check()
    finally:
        for cached in (bundle.module, bundle.check):
            cached.cache_clear()
