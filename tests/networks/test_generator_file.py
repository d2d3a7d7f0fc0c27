"""A saved generator comes back bit for bit, and one that is damaged or hostile is refused before it does harm."""

import random
import struct
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load as from_safetensors
from safetensors.torch import save as to_safetensors

from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.networks.generator_file import generator_bytes, load_generator, weights_hash
from dcgan.networks.models import Generator, initialise
from dcgan.runs.checkpoint import open_generator
from dcgan.runs.run import Run
from dcgan.system.paths import PROJECT


@pytest.fixture
def run(root, tiny) -> Run:
    return Run.create(tiny, root, "one")


@pytest.fixture
def generator(tiny) -> Generator:
    network = Generator(tiny)
    initialise(network, torch.Generator().manual_seed(1))
    with torch.no_grad():
        network(torch.randn(64, tiny.z_dim))  # BatchNorm statistics that are not those of a new network
    return network


@pytest.mark.parametrize("name", ["quick-fashion", "quick-classes-fashion"])
def test_a_generator_is_read_without_the_compiler_of_pytorch(name):
    """It is never used, and takes longer to load than all else together."""
    code = (
        "import sys; from dcgan.networks.generator_file import load_generator; "
        f"load_generator('checkpoints/{name}/generator.safetensors'); print('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "False", done.stderr


def same(a: Generator, b: Generator) -> bool:
    ours, theirs = a.state_dict(), b.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_generator_comes_back_with_its_weights_settings_and_mode(tmp_path, generator):
    (tmp_path / "g").write_bytes(generator_bytes(generator, 500))
    loaded = load_generator(tmp_path / "g")
    assert same(loaded, generator) and loaded.config == generator.config
    assert not loaded.training and not any(p.requires_grad for p in loaded.parameters())
    z = torch.randn(5, 8)
    assert torch.equal(loaded(z), generator.eval()(z))
    assert torch.allclose(loaded(z)[:2], loaded(z[:2]), atol=1e-6)  # each picture is its own


def test_a_snapshot_takes_half_the_room_and_loads_in_full_precision(tmp_path, generator):
    whole, half = generator_bytes(generator, 1), generator_bytes(generator, 1, half=True)
    (tmp_path / "h").write_bytes(half)
    loaded = load_generator(tmp_path / "h")
    tensors = [from_safetensors(content) for content in (whole, half)]
    sizes = [sum(t.nbytes for t in each.values()) for each in tensors]
    assert sizes[1] < 0.55 * sizes[0]
    assert {p.dtype for p in loaded.parameters()} == {torch.float32}
    z = torch.randn(5, 8)
    assert (loaded(z) - generator.eval()(z)).abs().max() < 0.01


def test_a_generator_says_which_weights_it_has(tmp_path, generator):
    (tmp_path / "g").write_bytes(generator_bytes(generator, 7))
    (tmp_path / "h").write_bytes(generator_bytes(generator, 7, half=True))
    whole, half = load_generator(tmp_path / "g").origin, load_generator(tmp_path / "h").origin
    assert whole == (7, weights_hash(generator.state_dict()))
    assert half.step == 7 and half.weights_hash != whole.weights_hash


@pytest.mark.parametrize("step", ["", "-1", "seven", "9" * 400])
def test_a_file_without_a_step_is_refused(tmp_path, generator, step):
    tensors = generator.state_dict()
    metadata = {"config": generator.config.to_json(), "step": step, "weights_hash": weights_hash(tensors)}
    (tmp_path / "g").write_bytes(to_safetensors(tensors, metadata))
    with pytest.raises(BadInput, match="which step"):
        load_generator(tmp_path / "g")


def test_the_file_does_not_stay_open_under_the_loaded_weights(tmp_path, generator):
    path = tmp_path / "g"
    path.write_bytes(generator_bytes(generator, 1))
    loaded = load_generator(path)
    path.write_bytes(b"\0" * path.stat().st_size)  # in place: a mapped file would change under us
    assert same(loaded, generator)


def test_the_hash_depends_on_the_weights_alone():
    a = {"x": torch.arange(6.0).reshape(2, 3), "n": torch.tensor(3)}
    assert weights_hash(a) == weights_hash(dict(reversed(a.items())))
    assert weights_hash(a) == weights_hash({"x": a["x"].T.contiguous().T, "n": a["n"]})
    others = [{"y": a["x"], "n": a["n"]}, {"x": a["x"].reshape(3, 2), "n": a["n"]}, {"x": a["x"].double(), "n": a["n"]}]
    assert len({weights_hash(each) for each in [a, *others, {"x": a["x"] + 1e-6, "n": a["n"]}]}) == 5


def test_a_damaged_byte_anywhere_is_noticed_or_harmless(tmp_path, generator):
    content, path, rng = generator_bytes(generator, 500), tmp_path / "g", random.Random(0)
    header = 8 + struct.unpack("<Q", content[:8])[0]
    places = [*range(8), *(rng.randrange(end) for end in 300 * [header] + 100 * [len(content)])]
    refused = 0
    for place in places:
        damaged = bytearray(content)
        damaged[place] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        try:
            loaded = load_generator(path)
        except BadInput:
            refused += 1
        else:
            assert place < header and same(loaded, generator) and loaded.config == generator.config, place
    assert refused > 0.9 * len(places)


@pytest.mark.parametrize("keep", [0, 1, 7, 8, 9, 100, 5000, -1])
def test_a_cut_or_zeroed_generator_is_refused(tmp_path, generator, keep):
    content = generator_bytes(generator, 500)
    keep = keep % len(content)
    for damaged in (content[:keep], content[:keep] + bytes(len(content) - keep)):
        (tmp_path / "g").write_bytes(damaged)
        with pytest.raises(BadInput, match="^.*/g "):
            load_generator(tmp_path / "g")


@pytest.mark.parametrize(
    "header",
    [
        b"{}",
        b"[]",
        b"{" * 1000,
        b'{"x": {"dtype": "F32", "shape": [1000000000000], "data_offsets": [0, 4000000000000]}}',
        b'{"x": {"dtype": "F32", "shape": [-1], "data_offsets": [0, -4]}}',
        b'{"x": {"dtype": "F32", "shape": [4294967296, 4294967296], "data_offsets": [0, 0]}}',
        b'{"__metadata__": {"config": "{}", "weights_hash": ""}}',
        b'{"__metadata__": {"config": 7}}',
        b"\xff\xfe\xfd",
    ],
)
def test_a_hostile_header_is_refused(tmp_path, header):
    for length in (len(header), 2**63, 2**64 - 1, 0):
        (tmp_path / "g").write_bytes(struct.pack("<Q", length) + header)
        with pytest.raises(BadInput):
            load_generator(tmp_path / "g")


def forged(tensors: dict[str, torch.Tensor], config: str) -> bytes:
    """A file of somebody who knows how ours are made."""
    metadata = {"config": config, "step": "1", "weights_hash": weights_hash(tensors)}
    return to_safetensors(tensors, metadata)


def test_weights_of_another_network_are_refused(tmp_path, generator):
    tensors, path = generator.state_dict(), tmp_path / "g"
    first = next(iter(tensors))
    wrong = [
        tensors | {first: torch.zeros(3)},
        tensors | {"extra": torch.zeros(3)},
        {name: t for name, t in tensors.items() if name != first},
        {},
    ]
    for each in wrong:
        path.write_bytes(forged(each, generator.config.to_json()))
        with pytest.raises(BadInput, match="another network"):
            load_generator(path)
    path.write_bytes(forged(tensors, generator.config.replace(ngf=5).to_json()))
    with pytest.raises(BadInput, match="another network"):
        load_generator(path)
    path.write_bytes(forged(tensors, "{"))
    with pytest.raises(BadInput, match="config"):
        load_generator(path)
    path.write_bytes(to_safetensors(tensors, {"format": "pt"}))
    with pytest.raises(BadInput, match="not saved by DCGAN Studio"):
        load_generator(path)


def test_a_small_file_can_not_ask_for_a_giant_network(tmp_path, monkeypatch):
    giant = Config(image_size=128, ngf=512, z_dim=4096)  # three gigabytes
    (tmp_path / "g").write_bytes(forged({"x": torch.zeros(1)}, giant.to_json()))
    allocated = []
    real = torch.nn.Parameter.__new__

    def counting(cls, data=None, requires_grad=True):
        allocated.append(data.device.type)
        return real(cls, data, requires_grad)

    monkeypatch.setattr(torch.nn.Parameter, "__new__", counting)
    with pytest.raises(BadInput, match="another network"):
        load_generator(tmp_path / "g")
    assert set(allocated) == {"meta"}


def test_weights_of_another_precision_are_converted(tmp_path, generator):
    doubled = {name: t.double() if t.is_floating_point() else t for name, t in generator.state_dict().items()}
    (tmp_path / "g").write_bytes(forged(doubled, generator.config.to_json()))
    assert same(load_generator(tmp_path / "g"), generator)


def test_a_missing_generator_says_what_to_do(run, generator):
    with pytest.raises(BadInput, match="train the run first"):
        open_generator(run)
    with pytest.raises(BadInput, match="^step 5 of one was not kept; the kept steps are none"):
        open_generator(run, 5)
    (run.path / "snapshots").mkdir()
    run.snapshot_path(7).write_bytes(generator_bytes(generator, 7))
    with pytest.raises(BadInput, match="the kept steps are 7"):
        open_generator(run, 5)
    assert same(open_generator(run, 7), generator)
