"""A process of a team that is not the leader: it prepares as the leader did and carries out its orders."""

import os
import signal
import sys
from typing import NoReturn

from dcgan.compute import allocator, devices
from dcgan.config import Config
from dcgan.data import batches, dataset
from dcgan.errors import Halted, first_line
from dcgan.runs import live_settings
from dcgan.training import distributed
from dcgan.training.gan import GAN
from dcgan.training.step import step_in_memory


def follow() -> NoReturn:
    """Train as one that is not the leader, and end this process.

    It ends without tidying up: gloo's threads now and then abort an interpreter that shuts down when their peers are
    gone, and there is nothing of ours to close.
    """
    team, code = distributed.Processes(), 1
    try:
        if team.wait_for_leader():
            for number in (signal.SIGINT, signal.SIGTERM):  # the leader obeys them, saves, and tells us
                signal.signal(number, signal.SIG_IGN)
            _follow(team)
            team.wait_until_leader_left()
        code = 0
    except Halted as error:
        team.leave(str(error))
        print(error, file=sys.stderr)
    except Exception as error:
        words = f"Process {team.rank} of {team.size} failed ({first_line(error)}), so all stop."
        team.leave(words)
        print(words, file=sys.stderr)
    sys.stderr.flush()
    os._exit(code)


def _follow(team: distributed.Processes) -> None:
    """Prepare as the leader did, then do what it does, order by order."""
    begin = team.next_order()
    config, now = Config.from_json(begin["config"]), Config.from_json(begin["now"])
    device = team.device(begin["device"])
    distributed.set_threads(config, team)
    pictures = dataset.load_for(config, expected=config.data_fingerprint)
    allocator.keep_buffers()
    devices.repeat_exactly(device)
    gan = GAN(config, device, team, len(pictures.images))
    feed = batches.Feed(pictures.images, device, labels=pictures.labels if config.num_classes else None)
    stream = batches.BatchStream(len(pictures.images), config.batch_size, config.seed)
    gan.load_state_dict(begin["gan"])
    stream.load_state_dict(begin["stream"])
    gan.apply(now)
    team.enter(device)

    while (news := team.next_order())["order"] != "end":
        if news["order"] == "step":
            for _ in range(news["times"]):
                step_in_memory(gan, feed, stream, now)
        elif news["order"] == "compare":
            team.compare_with_others(gan)
        elif news["order"] == "change":
            now = live_settings.restore(now, news)
            gan.apply(now)
            gan.at_most, team.settled = news["at_most"], False
