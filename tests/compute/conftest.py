import pytest

from dcgan.compute import kernels


@pytest.fixture(params=["matrix", "vector"])
def units(request, monkeypatch):
    """A test of our own products on the matrix units, where there are some, and on those for vectors."""
    best = kernels.units()
    if not best:
        pytest.skip("no AVX-512 with bfloat16 here")
    if request.param == "matrix" != best:
        pytest.skip("no AMX here")
    monkeypatch.setattr(kernels, "units", lambda: request.param)
    monkeypatch.setattr(kernels, "pays", lambda: True)
    kernels.needed().use_tiles(request.param == "matrix")
    yield request.param
    kernels.needed().use_tiles(best == "matrix")


@pytest.fixture
def own_cache(monkeypatch, tmp_path):
    """A cache of its own for what autotune finds out."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
