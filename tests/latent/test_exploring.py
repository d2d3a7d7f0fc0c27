"""Exploring a run that trains, with everything that the page does, changes nothing in it."""

import numpy as np
import pytest

from dcgan.runs.run import Run
from pages.common import loading
from pages.latent import downloads, view
from pages.latent.view import View
from tests.pages.test_latent import laboratory, say, url, visit
from tests.training.test_loop import assert_same_end, play

BETWEEN = 7  # weights are kept at 4 and 8: what is explored is older than what trains


def explore(run: Run) -> None:
    """Open the page, drag, walk, look at axes, films and other steps, take files away."""
    app = visit("explore", run=run.id)
    assert laboratory(app)["facts"]["step"] == 4
    say(app, params={"seed": "8", "sliders": "3~1_c1~2", "walk": "40.0.3"}, axes="components")
    assert url(app)["axes"] == "components" and laboratory(app)["facts"]["axes"]["directions"]["c1"]
    for message in ({"axes": "weights"}, {"film": True}, {"step": 0}, {"measure": True}, {"axes": "random"}):
        say(app, **message)
    opened, there = loading.open_at(run), View(8).moved(3, 1.0)
    assert np.ptp(view.picture_of(opened.generator, there)) >= 0
    downloads.png_of(run, opened, there, 4)
    downloads.film_file(run, run.snapshots(), there)
    downloads.explorer_of(run, opened, there)


@pytest.mark.parametrize("prior", ["normal", "uniform"])
def test_a_run_ends_bit_for_bit_the_same_with_and_without_somebody_exploring_it(root, tiny, prior):
    config = tiny.replace(z_prior=prior)
    alone, watched = Run.create(config, root / "alone", "same"), Run.create(config, root, "same")
    assert play(alone).state == "finished"
    explored = []

    def look_in(point: dict[str, float]) -> None:
        if point["step"] == BETWEEN:
            explore(watched)
            explored.append(point["step"])

    assert play(watched, look_in).state == "finished"
    assert explored == [BETWEEN]
    assert_same_end(watched, alone)
