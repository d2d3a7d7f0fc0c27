"""From an array of pictures to batches: an endless stream of indices, and what feeds a device with them."""

import hashlib
import warnings

import numpy as np
import torch

from dcgan.data.prepared import advise

RELEASE_BYTES = 256 * 2**20  # of a mapped array that may count as this process's memory


MAPPED_AROUND = 2**16  # bytes that Linux maps around a place that is read, as long as they are in its cache


DEVICE_SHARE = 0.5  # of a GPU's free memory that a data set may take
MPS_ELEMENTS = 2**31 - 1  # of a tensor; MPS picks zeros out of a larger one (pytorch issue 188756)


def to_float(images: torch.Tensor) -> torch.Tensor:
    """uint8 pictures to float32 in [-1, 1], the range of the generator's tanh; `images.grids` has the inverse."""
    assert images.dtype == torch.uint8
    return images.to(torch.float32).div_(127.5).sub_(1)


def layout(device: torch.device, architecture: str = "", precision: str = "") -> torch.memory_format:
    """The order of pictures (B, C, H, W) and of a convolution's weights in memory that is the fastest on a device.

    On MPS channels last has given wrong gradients, and a backward pass 30 times slower (pytorch issues 175189, 192212,
    193349). On a CPU with AVX2 a step of selu-28 in float32 takes up to 12 % longer with it (synthetic-2, one thread).
    """
    contiguous = device.type == "mps" or (device.type, architecture, precision) == ("cpu", "selu-28", "float32")
    return torch.contiguous_format if contiguous else torch.channels_last


class Feed:
    """Prepared pictures as the training loop wants them: no decoding, no transform but the one to floats.

    The whole array lives on the device when it fits there; otherwise batches are picked out of memory, or out of the
    map, whose pages are given back from time to time so that they don't pile up as this process's memory.
    """

    def __init__(
        self, images: np.ndarray, device: torch.device, room: int | None = None, labels: np.ndarray | None = None
    ) -> None:
        """`images` is uint8 (N, C, S, S), `labels` int64 (N,) where classes are asked for.

        `room` in bytes is what the pictures may take on the device, found out if None.
        """
        self.device = device
        self._labels = None if labels is None else torch.from_numpy(labels).to(device)
        self.num_images, self.channels = images.shape[:2]
        if images.strides[1] == 0:  # a grey picture that is shown as three channels is kept as one
            images = images[:, :1]
        self._source = images
        self.resident = images.nbytes <= (_free_bytes(device) if room is None else room)
        self._unreleased = 0  # bytes
        with warnings.catch_warnings():  # the array may be read-only, and nothing here writes into it
            warnings.simplefilter("ignore")
            self._images = torch.from_numpy(images)  # (N, C or 1, S, S) uint8
        if self.resident:
            try:
                self._images = self._images.to(device, copy=True)
            except RuntimeError:  # there is less room than there seemed to be, or not in one piece
                self.resident = False
        self._mapped = isinstance(images, np.memmap) and not self.resident

    def batch(self, indices: torch.Tensor) -> torch.Tensor:
        """The pictures of these indices, int64 (B,): float32 (B, C, S, S) in [-1, 1] on the device, in its layout."""
        if self.resident:
            # only CUDA takes a copy of its own first; MPS may read the indices when they are others already (189690)
            at_once = self.device.type == "cuda"
            picked = self._images.index_select(0, indices.to(self._images.device, non_blocking=at_once))
        else:
            picked = self._images.index_select(0, indices)
            if self.device.type == "cuda":
                picked = picked.pin_memory().to(self.device, non_blocking=True)
            else:
                picked = picked.to(self.device)
        if self._mapped:
            self._unreleased += picked.nbytes + len(indices) * MAPPED_AROUND
            if self._unreleased > RELEASE_BYTES:
                advise(self._source, "MADV_DONTNEED")  # the pages stay in the system's cache
                self._unreleased = 0
        picked = picked.contiguous(memory_format=layout(self.device))
        return to_float(picked).expand(-1, self.channels, -1, -1).contiguous(memory_format=layout(self.device))

    def labels(self, indices: torch.Tensor) -> torch.Tensor | None:
        """The labels of these indices, int64 (B,) on the device; None where there are none."""
        if self._labels is None:
            return None
        return self._labels[indices.to(self.device, non_blocking=self.device.type == "cuda")]


def _free_bytes(device: torch.device) -> int:
    """Room for a data set on a device; none on the CPU, where it is in memory already."""
    if device.type == "cuda":
        return int(DEVICE_SHARE * torch.cuda.mem_get_info(device)[0])
    if device.type == "mps":
        free = torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
        return min(int(DEVICE_SHARE * free), MPS_ELEMENTS)
    return 0


class BatchStream:
    """Endless batches of indices; epoch e is a permutation made from (seed, e) alone, so a resume costs no replay."""

    def __init__(self, num_images: int, batch_size: int, seed: int) -> None:
        assert num_images > 0 and batch_size > 0
        self.num_images, self.batch_size, self.seed = num_images, batch_size, seed
        self.images_seen = 0
        self._order: tuple[int, torch.Tensor] | None = None  # (epoch, its permutation)

    @property
    def epoch(self) -> float:
        """Passes through the data so far."""
        return self.images_seen / self.num_images

    def next(self) -> torch.Tensor:
        """The next indices, int64 (batch_size,); a batch may begin in one epoch and end in another."""
        parts, missing = [], self.batch_size
        while missing:
            epoch, start = divmod(self.images_seen, self.num_images)
            part = self._permutation(epoch)[start : start + missing]
            self.images_seen += len(part)
            missing -= len(part)
            parts.append(part)
        return torch.cat(parts)

    def state_dict(self) -> dict[str, int]:
        return {"images_seen": self.images_seen, "num_images": self.num_images, "seed": self.seed}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Go to a saved position; raises ValueError if it belongs to another stream. The batch size may differ."""
        for name in ("num_images", "seed"):
            if state[name] != getattr(self, name):
                raise ValueError(f"the saved stream has {name} {state[name]}, this one has {getattr(self, name)}")
        self.images_seen = int(state["images_seen"])

    def _permutation(self, epoch: int) -> torch.Tensor:
        if self._order is None or self._order[0] != epoch:
            seed = hashlib.sha256(f"{self.seed} {epoch}".encode()).digest()[:8]  # neighbours get unrelated orders
            generator = torch.Generator().manual_seed(int.from_bytes(seed, "big", signed=True))
            self._order = (epoch, torch.randperm(self.num_images, generator=generator))
        return self._order[1]
