"""The moves of one step on the batches that are next, and a second try where memory runs out."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from dcgan.compute import devices
from dcgan.config import Config
from dcgan.data.batches import BatchStream, Feed
from dcgan.errors import Halted
from dcgan.training.gan import GAN

REMEDY = "set a smaller micro_batch and resume, or fork the run with a smaller batch_size."


def one_step(gan: GAN, feed: Feed, stream: BatchStream, now: Config) -> dict[str, Tensor]:
    """D's moves, each on a batch of its own, and G's on the last of them; returns what `GAN.step` measures.

    After an exception, players and stream are as before the move that failed, and another call goes on from there.
    """
    while gan.d_moves < now.d_steps - 1:
        _move(gan, feed, stream, train_g=False)
    _move(gan, feed, stream)
    gan.team.settle()
    return gan.measured


def step_in_memory(
    gan: GAN, feed: Feed, stream: BatchStream, now: Config, on_retry: Callable[[int], None] = lambda at_once: None
) -> dict[str, Tensor]:
    """One step; where memory runs out, once more from there on with half as many pictures in the networks at once.

    That number stays, and `on_retry` gets it. Raises Halted if there is no half, or no memory for it either; players
    and stream are then as they were, to be saved. In a team there is no second try: the others wait for this process.
    """
    steps, rows = gan.steps, gan.team.hold(now.batch_size).rows
    for attempt in (1, 2):
        try:
            return one_step(gan, feed, stream, now)
        except Exception as error:
            if not devices.is_out_of_memory(error):
                raise
        # only here, where the exception and its traceback are gone, is the memory of the failed move free
        devices.forget_buffers(gan.device)
        if gan.steps > steps:  # it ran out when all was done
            return gan.measured
        tried = gan.at_once(rows)
        if gan.team.size > 1:
            raise Halted(
                f"Process {gan.team.rank} of {gan.team.size} ran out of memory with {tried} pictures in the networks "
                f"at once: {REMEDY}"
            )
        if gan.torn or attempt == 2 or not gan.halve(rows):
            break
        on_retry(gan.at_most)
    raise Halted(
        f"Memory ran out in step {steps + 1}, with {tried} of the batch's {now.batch_size} pictures in the networks at "
        f"once: {REMEDY}"
    )


def _move(gan: GAN, feed: Feed, stream: BatchStream, **options: Any) -> None:
    """Train on the next batch; after an exception, nothing has happened."""
    position, done = stream.state_dict(), (gan.steps, gan.d_moves)
    try:
        indices = stream.next()
        own = gan.team.hold(len(indices)).of(indices)
        gan.step(feed.batch(own), feed.labels(own), **options)  # (b, C, H, W) in [-1, 1], (b,)
    except Exception:
        if (gan.steps, gan.d_moves) == done and not gan.torn:
            stream.load_state_dict(position)
            gan.undo()
        raise
