"""The sample grids of a run, read with bounds: a run may come from a stranger."""

import io

from dcgan.images.decode import reason_of
from dcgan.runs.run import Run
from dcgan.system.files import read_regular

MAX_GRID_PIXELS = 64_000_000  # 400 samples of 128 px need 7
MAX_GRID_BYTES = 200_000_000


def grid_of(run: Run, step: int) -> bytes:
    """The file of a run's sample grid; raises OSError if it is gone, damaged, no PNG, or too large for one."""
    from PIL import Image

    content = read_regular(run.sample_path(step), MAX_GRID_BYTES)
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as grid:
            if grid.width * grid.height > MAX_GRID_PIXELS:
                raise ValueError("too many pixels")
            grid.load()
    except Exception as error:  # decoders of strangers' files raise nearly anything
        raise OSError(f"{run.sample_path(step)}: {reason_of(error)}") from error
    return content
