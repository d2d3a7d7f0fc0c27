"""What the tests of Explore and Interpolate share: a little run, and the pages as AppTest sees them."""

import torch
from streamlit.testing.v1 import AppTest

from dcgan.config import Config
from dcgan.networks.generator_file import generator_bytes
from dcgan.networks.models import Generator, initialise
from dcgan.runs.run import Run
from dcgan.system.files import publish
from tests.pages.app import open_page

CONFIG = Config(preset="tiny", image_size=16, z_dim=20, ngf=4, ndf=4)
PLAIN = Generator(CONFIG)  # where only what it takes counts


def tiny(seed: int, config: Config = CONFIG) -> Generator:
    """A generator of random weights."""
    generator = Generator(config).eval().requires_grad_(False)
    initialise(generator, torch.Generator().manual_seed(seed))
    return generator


def little_run(tmp_path, monkeypatch) -> Run:
    """A run with generators of steps 0, 50 and 100, in a root of its own."""
    monkeypatch.setenv("DCGAN_ROOT", str(tmp_path))
    run = Run.create(CONFIG, name="little one")
    run.snapshot_path(0).parent.mkdir()
    for step in (0, 50, 100):
        publish(run.snapshot_path(step), generator_bytes(tiny(step), step, half=True))
    publish(run.generator_path, generator_bytes(tiny(100), 100))
    return run


def visit(page: str, **params: str) -> AppTest:
    """A latent page with these parameters in its address."""
    return healthy(open_page(f"latent/{page}", **params))


def healthy(app: AppTest) -> AppTest:
    assert not app.exception, app.exception
    assert not app.error, app.error
    return app


def url(app: AppTest) -> dict[str, str]:
    return {name: v if isinstance(v, str) else v[0] for name, v in app.query_params.items()}
