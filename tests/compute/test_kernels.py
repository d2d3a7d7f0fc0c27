import platform
import shutil
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from dcgan.compute import block_order, kernels
from dcgan.compute.batchnorm_relu import Maps, bend
from dcgan.system.paths import PROJECT

needs_library = pytest.mark.skipif(kernels.library() is None, reason="no AVX-512 with bfloat16 here")


def test_the_built_library_belongs_to_its_source():
    assert kernels.STAMP.read_text(encoding="ascii") == kernels.stamp(), "run python -m dcgan.compute.kernels"


def test_a_processor_that_can_do_it_all_loads_the_library(caplog):
    assert kernels.load(kernels.BUILT, kernels.NEEDED | {"more"}) is not None and not caplog.records


@pytest.mark.parametrize("flag", sorted(kernels.NEEDED))
def test_a_processor_that_lacks_a_flag_is_refused(flag, caplog):
    assert kernels.load(kernels.BUILT, kernels.NEEDED - {flag}) is None and not caplog.records


@pytest.mark.parametrize("at", [0, 20_000, -1])
def test_a_library_with_a_changed_byte_is_refused_and_the_log_says_so(at, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(kernels.ctypes, "CDLL", None)  # would fail if called
    content = bytearray(kernels.BUILT.read_bytes())
    content[at] ^= 1
    (tmp_path / "kernels-x86_64.so").write_bytes(content)
    assert kernels.load(tmp_path / "kernels-x86_64.so", kernels.NEEDED) is None
    (record,) = caplog.records
    assert record.getMessage() == (
        "kernels-x86_64.so is not used, training goes on without it: it is not the one that was built of its sources."
    )


def test_a_library_that_is_missing_is_said_once(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(kernels, "BUILT", tmp_path / "kernels-x86_64.so")
    monkeypatch.setattr(kernels, "processor", lambda: kernels.NEEDED)
    kernels.library.cache_clear()
    try:
        assert kernels.library() is None and kernels.library() is None and len(caplog.records) == 1
    finally:
        kernels.library.cache_clear()


def test_the_import_alone_loads_no_library():
    code = "import dcgan.compute.kernels, dcgan.compute.bfloat16; print(open('/proc/self/maps').read())"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert "libtorch" in done.stdout and "kernels-x86_64" not in done.stdout


def test_the_flags_of_this_processor_are_read():
    assert not sys.platform.startswith("linux") or platform.machine() != "x86_64" or "sse2" in kernels.processor()


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")
def test_what_the_compiler_may_use_is_asked_of_the_processor():
    """gcc's words for the instruction sets that PROCESSOR switches on, apart from those that every x86-64 has."""

    def on(*options: str) -> set[str]:
        command = ["gcc", *options, "-Q", "--help=target"]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        rows = [line.split() for line in text.splitlines()]
        return {row[0].removeprefix("-m") for row in rows if len(row) == 2 and row[1] == "[enabled]"}

    words = {"pni": "sse3", "abm": "lzcnt", "lahf_lm": "sahf", "bmi1": "bmi", "avx512_bf16": "avx512bf16"}
    words |= {"sse4_1": "sse4.1", "sse4_2": "sse4.2", "amx_tile": "amx-tile", "amx_bf16": "amx-bf16"}
    asked = {words.get(flag, flag) for flag in kernels.NEEDED | kernels.TILES}
    asked |= {"sse4", "crc32", "mwait"}  # two parts of the others, and one that no compiler uses by itself
    assert on(*kernels.PROCESSOR) - on("-march=x86-64", "-mtune=sapphirerapids") <= asked


@pytest.mark.parametrize(
    ("held", "lacks"),
    [("", set()), ("avx512_core_bf16", kernels.TILES), ("AVX2", kernels.BFLOAT16), ("AVX512_CORE_AMX", set())],
)
def test_the_library_is_held_back_as_onednn_is(held, lacks, monkeypatch):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)
    monkeypatch.delenv("DNNL_MAX_CPU_ISA", raising=False)
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    able = kernels.processor()
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", held)
    assert kernels.held_back() == lacks and kernels.processor() == able - lacks


@pytest.mark.parametrize(
    ("units", "intel", "pays"),
    [("matrix", True, True), ("vector", False, True), ("vector", True, False), ("", False, False), ("", True, False)],
)
def test_products_of_bfloat16_pay_where_they_outdo_those_of_float32(units, intel, pays, monkeypatch):
    monkeypatch.setattr(kernels, "units", lambda: units)
    monkeypatch.setattr(kernels, "vectors_pay", lambda: not intel)
    kernels.pays.cache_clear()
    try:
        assert kernels.pays() is pays
    finally:
        kernels.pays.cache_clear()


def close(mine: torch.Tensor, true: torch.Tensor, tolerance: float = 0.01) -> None:
    assert ((mine.float() - true).norm() / true.norm()).item() < tolerance


@needs_library
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("slope", [0.0, 0.2, 1.0])
@pytest.mark.parametrize(("was_cut", "cut"), [(False, False), (False, True), (True, False), (True, True)])
@pytest.mark.parametrize("channels", [16, 80])
def test_bend_is_batchnorm_and_leaky_relu_in_any_order_of_memory(channels, was_cut, cut, slope, groups):
    batch, height, width = 4, 6, 8
    x = (torch.randn(batch * height * width, channels) * 3 + 1).bfloat16()
    upstream = torch.randn_like(x)
    norm, plain = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)
    for module in (norm, plain):
        nn.init.uniform_(module.weight, 0.5, 1.5, generator=torch.Generator().manual_seed(0))
        nn.init.uniform_(module.bias, -1, 1, generator=torch.Generator().manual_seed(1))

    def in_order(values: torch.Tensor, blocks: bool) -> torch.Tensor:
        return block_order.Cut.apply(values, batch, height, width) if blocks else values

    given = in_order(x, was_cut).requires_grad_()
    out = bend(Maps(given, batch, height, width, was_cut), norm, None, slope, cut, groups)
    gradients = torch.autograd.grad(out.values, [given, norm.weight, norm.bias], in_order(upstream, cut))
    assert out.channels == channels and out.cut == cut

    exact = x.float().requires_grad_()
    parts = [part.view(-1, height, width, channels).permute(0, 3, 1, 2) for part in exact.chunk(groups)]
    wanted = torch.cat([F.leaky_relu(plain(part), slope).permute(0, 2, 3, 1).reshape(-1, channels) for part in parts])
    true = torch.autograd.grad(wanted, [exact, plain.weight, plain.bias], upstream.float())
    close(out.values, in_order(wanted.detach(), cut))
    close(gradients[0], in_order(true[0], was_cut))
    close(gradients[1], true[1])
    close(gradients[2], true[2])
    for name, value in plain.named_buffers():
        torch.testing.assert_close(norm.get_buffer(name), value, rtol=1e-4, atol=1e-5)


@needs_library
@pytest.mark.parametrize("bias", [True, False])
def test_without_batchnorm_bend_adds_the_bias(bias):
    x = torch.randn(2 * 4 * 4, 32).bfloat16().requires_grad_()
    beta = torch.randn(32).requires_grad_() if bias else None
    out = bend(Maps(x, 2, 4, 4), None, beta, 0.2, False, 1)
    wanted = F.leaky_relu(x.float() + (beta if bias else 0.0), 0.2)
    upstream = torch.randn(wanted.shape)
    leaves = [x, beta] if bias else [x]
    close(out.values, wanted.detach())
    for mine, true in zip(
        torch.autograd.grad(out.values, leaves, upstream.bfloat16()),
        torch.autograd.grad(wanted, leaves, upstream),
        strict=True,
    ):
        close(mine, true.float())


@needs_library
def test_what_is_not_a_number_stays_so_and_is_not_hidden():
    x = torch.randn(2 * 4 * 4, 16).bfloat16()
    x[3, 5] = float("nan")
    norm = nn.BatchNorm2d(16)
    out = bend(Maps(x, 2, 4, 4), norm, None, 0.2, True, 1).values
    assert out[..., 5::16].isnan().any() and not out[..., 4::16].isnan().any()


@needs_library
def test_the_same_input_gives_the_same_bits():
    x = torch.randn(64 * 16 * 16, 48).bfloat16()
    first, second = (bend(Maps(x, 64, 16, 16), nn.BatchNorm2d(48), None, 0.2, True, 2).values for _ in range(2))
    assert torch.equal(first, second)


@needs_library
def test_windows_are_added_as_without_the_library(monkeypatch):
    shape = torch.Size((3, 5, 4, 64))
    columns = torch.randn(3 * 4 * 3, 256).bfloat16()
    mine = block_order.add_windows(columns, shape)
    monkeypatch.setattr(kernels, "library", lambda: None)
    close(mine, block_order.add_windows(columns.float(), shape), 0.005)
