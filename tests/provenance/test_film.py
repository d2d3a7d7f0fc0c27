"""The film of a training shows its first and last picture, and fewer the later they are."""

import io

import numpy as np
import pytest
from PIL import Image

from dcgan.cli.main import main
from dcgan.config import Config
from dcgan.errors import BadInput
from dcgan.images.embedded import read_recipe
from dcgan.images.encode import png_bytes
from dcgan.provenance.film import film, film_steps
from dcgan.runs.run import Run


@pytest.fixture
def run(root) -> Run:
    """A run with a grid at each of 50 steps, brighter from step to step."""
    made = Run.create(Config(), root, "one")
    made.sample_path(0).parent.mkdir()
    for step in range(50):
        made.sample_path(step).write_bytes(png_bytes(np.full((20, 30), 5 * step, np.uint8)))
    return made


def test_frames_are_thinned_by_twice_the_root_of_their_number():
    steps = list(range(100, 5100, 100))
    chosen = [steps.index(step) for step in film_steps(steps)]
    assert chosen[:8] == [0, 1, 2, 4, 6, 8, 11, 15]
    assert chosen[0] == 0 and chosen[-1] == 49 and len(chosen) < 18
    gaps = np.diff(chosen[:-1])
    assert gaps[0] == 1 and gaps[-1] >= 6
    assert film_steps([]) == [] and film_steps([7]) == [7] and film_steps([7, 9]) == [7, 9]


def test_the_film_ends_with_the_last_picture_and_holds_it(run):
    content = film(run, fps=10)
    recipe = read_recipe(content)
    assert recipe is not None and (recipe["run"], recipe["fps"]) == ("one", 10)
    assert recipe["steps"] == film_steps(list(range(50))) and len(recipe["pictures"]) == 64
    with Image.open(io.BytesIO(content)) as animation:
        durations, greys = [], []
        for frame in range(animation.n_frames):  # type: ignore[attr-defined]
            animation.seek(frame)
            durations.append(animation.info["duration"])
            greys.append(animation.convert("L").getpixel((0, 0)))
        assert animation.size == (390, 260)  # enlarged by a whole number
    assert greys == [5 * step for step in recipe["steps"]]
    assert durations[-1] == 2100 and set(durations[:-1]) == {100}


def test_grids_of_another_size_are_left_out(run):
    run.sample_path(0).write_bytes(png_bytes(np.zeros((5, 5), np.uint8)))
    run.sample_path(1).write_bytes(b"torn")
    recipe = read_recipe(film(run, webp=True))
    assert recipe is not None and 0 not in recipe["steps"] and 1 not in recipe["steps"]


def test_a_speed_that_no_film_has_is_refused_before_any_work(root):
    with pytest.raises(BadInput, match="^fps must be from"):
        film(Run.create(Config(), root, "new"), fps=1e12)


def test_a_run_without_pictures_makes_no_film(root):
    with pytest.raises(BadInput, match="fewer than two sample grids"):
        film(Run.create(Config(), root, "new"))


@pytest.mark.parametrize("name", ["f.gif", "f.webp"])
def test_the_command_writes_it(run, root, tmp_path, name, capsys):
    assert main(["film", "one", "--out", str(tmp_path / name), "--fps", "8"]) == 0
    assert read_recipe((tmp_path / name).read_bytes())["run"] == "one"
    assert main(["film", "one", "--out", str(tmp_path / "f.png")]) == 2
    assert main(["film", "one", "--out", str(tmp_path / name), "--fps", "1000"]) == 2
    assert "fps must be" in capsys.readouterr().err
