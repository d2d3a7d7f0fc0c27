"""Several processes train one run: torchrun --nproc-per-node N -m dcgan train ...

Each works on its part of every batch, and gradients are added up once per step of an optimiser, so all hold the same
weights. The process of rank 0 leads: it alone reads and writes the run's files; the others carry out its orders, one
for some steps. Orders go over gloo, between CPUs; gradients over NCCL where there are GPUs. Every process ends with one
sentence when another one is lost.

BatchNorm takes its statistics from the part of the batch that a process holds, as is usual. The running ones that are
saved are the leader's; nothing in training depends on them.
"""

import contextlib
import datetime
import io
import os
import time
from collections.abc import Iterator
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from dcgan.compute import autotune, devices
from dcgan.config import Config
from dcgan.errors import BadInput, Halted
from dcgan.training.buckets import Buckets, Work
from dcgan.training.gan import GAN
from dcgan.training.team import ALONE, Team

PEER_SECONDS = 300.0  # how long one process may keep the others waiting; a process that is gone is noticed at once
PROMISE_SECONDS = 0.2  # of steps that are ordered at once: so long a pause or a new setting may have to wait
READY_SECONDS = 7 * 86_400.0  # how long pictures may be prepared


class Processes(Team):
    """This process among several; needs the environment that torchrun sets."""

    def __init__(self) -> None:
        self.rank, self.size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        self.local_rank = int(os.environ.get("LOCAL_RANK", self.rank))
        self.local_size = int(os.environ.get("LOCAL_WORLD_SIZE", self.size))
        ready = datetime.timedelta(seconds=READY_SECONDS)
        store = next(iter(dist.rendezvous("env://", self.rank, self.size, timeout=ready)))[0]  # type: ignore[attr-defined]
        # torchrun's store outlives a restart, and what the processes before have left in it
        start = f"start {os.environ.get('TORCHELASTIC_RESTART_COUNT', 0)}"
        self.store = dist.PrefixStore(start, store)  # type: ignore[attr-defined]
        self.gradients: Any = None  # the group that adds up what is on the devices; None is the one of the CPUs
        self.buckets: dict[nn.Module, Buckets] = {}
        self.on_the_way: Any = None  # from `exchange` to `collect`
        self.told = time.monotonic(), 1  # when steps were last promised, and how many
        self.joined = self.settled = False

    # ---- what the mathematics needs

    def exchange(self, network: nn.Module, measured: dict[str, Tensor]) -> None:
        if network not in self.buckets:
            self.buckets[network] = Buckets(network, self._send)
        together = torch.stack(list(measured.values()))
        self.on_the_way = self.buckets[network], measured, together, self._send(together)
        self.buckets[network].begin()

    def collect(self) -> None:
        buckets, measured, together, work = self.on_the_way
        with self._together():
            work.wait()
            buckets.end()
        measured |= zip(measured, together.unbind(), strict=True)

    def _send(self, flat: Tensor) -> Work:
        with self._together():
            return dist.all_reduce(flat, group=self.gradients, async_op=True)

    def settle(self) -> None:
        """After the first step, give all processes the leader's routes: a resumed run must round as this one does."""
        if self.settled:
            return
        found: list[Any] = [None] * self.size
        with self._together():
            dist.all_gather_object(found, autotune.chosen())
        for choices in reversed(found):  # the leader's last
            autotune.choose(choices)
        self.settled = True

    # ---- what the loop needs

    def step(self, at_most: int) -> None:
        if not self.promised:
            now, (since, steps) = time.monotonic(), self.told
            pace = (now - since) / steps  # seconds
            self.promised = max(1, min(at_most, int(PROMISE_SECONDS / max(pace, 1e-6))))
            self.told = now, self.promised
            self.tell("step", times=self.promised)
        self.promised -= 1

    def tell(self, order: str, **facts: Any) -> None:
        if not self.joined:
            if order != "begin":
                return  # no other process has joined yet
            self._join()
        content = io.BytesIO()
        torch.save({"order": order, **facts}, content)
        self._broadcast(bytearray(content.getvalue()))
        if order == "begin":
            self._enter(facts["device"])
            self._wait_for_followers()
        self.settled &= order != "change"

    def compare(self, gan: GAN) -> None:
        self.tell("compare")
        self.compare_with_others(gan)

    def compare_with_others(self, gan: GAN) -> None:
        """Raise Halted, in every process, if the weights are not the same everywhere."""
        own = checksum(gan).cpu()
        lowest, highest = own.clone(), own.clone()
        with self._together():
            dist.all_reduce(lowest, dist.ReduceOp.MIN)
            dist.all_reduce(highest, dist.ReduceOp.MAX)
        if not torch.equal(lowest, highest):
            raise Halted(
                f"The {self.size} processes do not have the same weights after step {gan.steps}: all stop. A resume "
                "goes on from the last checkpoint, where they were the same."
            )

    # ---- what a follower needs

    def next_order(self) -> dict[str, Any]:
        """What the leader does next."""
        content = io.BytesIO(self._broadcast(None))  # may hold tensors of the leader's GPU, where this has no business
        return torch.load(content, map_location="cpu", weights_only=True)

    def wait_for_leader(self) -> bool:
        """Wait until it has prepared the pictures; False if it ended instead."""
        with self._together():
            if self.store.get("leader") != b"ready":  # waits until there is an answer
                return False
        self._join()
        return True

    def wait_until_leader_left(self) -> None:
        """Stay until it has closed its connections, so that it does so in order."""
        with contextlib.suppress(Exception):  # it may be gone already, and the store with it
            self.store.wait(["left"], datetime.timedelta(seconds=10))

    def enter(self, device: torch.device) -> None:
        """Say that this process is ready to train."""
        self._enter(device.type)
        self.store.set(f"ready {self.rank}", "yes")

    def leave(self, words: str = "") -> None:
        """End the work together; words say why if it isn't the end."""
        with contextlib.suppress(Exception):  # the others may be gone, and the store with them
            if words and not self._last_words():
                self.store.set("words", words)
            if self.rank == 0 and not self.joined:
                self.store.set("leader", "gone")
        if self.joined and self.rank == 0:
            self.joined = False
            with contextlib.suppress(Exception):
                dist.destroy_process_group()
                self.store.set("left", "yes")

    def device(self, wish: str) -> torch.device:
        """The device of this process: of several GPUs the one with its number."""
        if wish == "mps" or (wish == "auto" and torch.backends.mps.is_available()):
            raise BadInput(
                "device mps is one GPU, which several processes can't share: use device=cpu, or one process."
            )
        device = devices.pick_device(wish)
        if device.type == "cuda":
            if self.local_size > torch.cuda.device_count():
                raise BadInput(
                    f"--nproc-per-node is {self.local_size}, but there are {torch.cuda.device_count()} GPUs: start as "
                    "many processes as GPUs."
                )
            device = torch.device("cuda", self.local_rank)
            torch.cuda.set_device(device)
        return device

    # ---- how it is done

    def _join(self) -> None:
        if self.rank == 0:
            self.store.set("leader", "ready")
        seconds = datetime.timedelta(seconds=PEER_SECONDS)
        with self._together():
            dist.init_process_group("gloo", store=self.store, rank=self.rank, world_size=self.size, timeout=seconds)
        self.joined = True

    def _wait_for_followers(self) -> None:
        """Until everyone has prepared the pictures, which may take long on a machine of its own."""
        with self._together():
            while not self.store.check([f"ready {rank}" for rank in range(1, self.size)]):
                if words := self._last_words():
                    raise Halted(words)
                time.sleep(0.05)

    def _enter(self, device_type: str) -> None:
        if device_type == "cuda":
            seconds = datetime.timedelta(seconds=PEER_SECONDS)
            self.gradients = dist.new_group(backend="nccl", timeout=seconds)

    def _broadcast(self, content: bytearray | None) -> bytearray:
        """Bytes from the leader to everyone."""
        size = torch.tensor([len(content or b"")])
        with self._together():
            dist.broadcast(size, src=0)
            content = content or bytearray(int(size))
            dist.broadcast(torch.frombuffer(content, dtype=torch.uint8), src=0)
        return content

    @contextlib.contextmanager
    def _together(self) -> Iterator[None]:
        """What fails here fails because another process is gone or doesn't answer."""
        try:
            yield
        except RuntimeError as error:
            if devices.is_out_of_memory(error):
                raise
            words = self._last_words() or (
                f"One of the {self.size} processes is gone, or was silent for {PEER_SECONDS:g} s: all stop. A resume "
                "goes on from the last checkpoint."
            )
            raise Halted(words) from error

    def _last_words(self) -> str:
        """Why another process left, if it said so."""
        with contextlib.suppress(Exception):
            if self.store.check(["words"]):
                return self.store.get("words").decode()
        return ""


def checksum(gan: GAN) -> Tensor:
    """Two whole numbers, int64 (2,) on the device, that differ if the weights of G or of D do in any bit."""
    sums = []
    for network in (gan.G, gan.D):
        each = [parameter.detach().view(torch.int32).sum(dtype=torch.int64) for parameter in network.parameters()]
        odd = torch.arange(len(each), device=gan.device) * 2 + 1  # so that equal changes in two places don't cancel out
        sums.append((torch.stack(each) * odd).sum())
    return torch.stack(sums)


def join() -> Team:
    """The team of this process: of those that torchrun started, or of itself alone."""
    return Processes() if int(os.environ.get("WORLD_SIZE", 1)) > 1 and "RANK" in os.environ else ALONE


def set_threads(config: Config, team: Team) -> None:
    """As many threads as the settings say; processes of one machine share its cores."""
    if config.num_threads:
        torch.set_num_threads(config.num_threads)
    elif isinstance(team, Processes):
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // team.local_size))
