"""The device that trains: which one, in what precision, what it is called, and whether its memory ran out."""

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

import torch
from torch import Tensor, nn

from dcgan.compute import autocast, bfloat16, kernels, single_products
from dcgan.compute.trial import NONE, trouble
from dcgan.config import Config
from dcgan.errors import BadInput, Halted
from dcgan.networks.inspection import multiplications

if TYPE_CHECKING:
    from dcgan.networks.models import Generator

T = TypeVar("T")
GPUS = ("cuda", "mps")  # in the order in which auto takes them
OURS = "bfloat16"  # our own way through the whole of a network: bfloat16.py
PRODUCTS = "bfloat16 products"  # our own convolutions, with plain modules between them: single_products.py
OWN = (OURS, PRODUCTS)
AUTOCAST = "bfloat16 autocast"  # PyTorch's own: products of plain modules in bfloat16, the rest in float32
ROUTES = (*OWN, AUTOCAST, "float32")  # for a network's products: the fastest first

# Multiplications of a step: autocast needs up to 60 operations more, some 0.3 ms on a GPU, and bfloat16 saves as much
# where it halves the time of so many. Reckoned for 20 TFLOP/s in float32, not measured.
WORTH_AUTOCAST = 6e9


def pick_device(wish: str) -> torch.device:
    """auto takes CUDA, then MPS, then the CPU, the first that computes; one that doesn't raises BadInput."""
    if wish == "auto":
        return torch.device(next((kind for kind in GPUS if trouble(kind) is None), "cpu"))
    if wish in GPUS and (found := trouble(wish)):
        remedy = f"{found.remedy}, or " if found.remedy else ""
        raise BadInput(f"device is {wish!r}, but {found.reason}; {remedy}use device=auto.")
    return torch.device(wish)


def passed_over(wish: str) -> str:
    """Why `auto` leaves a GPU out, as a notice; nothing if there is none or it is taken."""
    for kind in GPUS if wish == "auto" else ():
        found = trouble(kind)
        if found and found.reason != NONE.reason:
            return f"The GPU is not used: {found.reason}. To train on it, {found.remedy}."
    return ""


def choose_precision(wish: str, device: torch.device, *networks: nn.Module) -> str:
    """The fastest of ROUTES for `auto`, float32 for any other wish."""
    return next(route for route in ROUTES if route == "float32" or wish == "auto" and pays(route, device, *networks))


def choose_for_step(config: Config, device: torch.device, *networks: nn.Module) -> str:
    """The same for a training step, which on a GPU needs enough arithmetic for bfloat16 to pay."""
    chosen = choose_precision(config.precision, device, *networks)
    is_small = device.type == "cuda" and multiplications(config) < WORTH_AUTOCAST
    return "float32" if is_small else chosen


def first_precision(wish: str, device: torch.device, *networks: nn.Module) -> str:
    """What trained here when states had no word for it: a CPU its own products of convolutions, a GPU autocast."""
    dense = any(isinstance(module, nn.Linear) for network in networks for module in network.modules())
    route = AUTOCAST if device.type == "cuda" else OURS
    there = device.type == "cuda" or (kernels.units() == "matrix" and not dense)
    return route if wish == "auto" and there and pays(route, device, *networks) else "float32"


def pays(route: str, device: torch.device, *networks: nn.Module) -> bool:
    """Whether the networks can take a route of ROUTES on this device, and its units make it worth while."""
    if route == OURS:
        return bfloat16.pays_off(device) and all(bfloat16.can_run(network) for network in networks)
    if route == PRODUCTS:
        return bfloat16.pays_off(device) and all(single_products.can_run(network) for network in networks)
    if route == AUTOCAST and device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if route == AUTOCAST:
        return device.type == "cpu" and cpu_multiplies_bfloat16()
    return route == "float32"


def cpu_multiplies_bfloat16() -> bool:
    """Whether the CPU has units for bfloat16, AMX or AVX512-BF16, that outdo those for float32; oneDNN uses them."""
    held = kernels.held_back()
    tiles = torch.cpu._is_amx_tile_supported() and not held
    vectors = torch.cpu._is_avx512_bf16_supported() and held != kernels.BFLOAT16 and kernels.vectors_pay()
    return torch.backends.mkldnn.is_available() and (tiles or vectors)


def run(network: "Generator | nn.Sequential", x: Tensor, precision: str, order: str = "pixels") -> Tensor:
    """What G, or D's blocks, in training mode make of their input: float32, in whatever precision products are."""
    if precision == OURS:
        return bfloat16.run(network if isinstance(network, nn.Sequential) else network.blocks, x, order=order)
    if precision == PRODUCTS:
        return single_products.run(network, x)
    if precision == AUTOCAST:
        return autocast.run(network, x)
    return network(x)


def repeat_exactly(device: torch.device) -> None:
    """Let a GPU give the same bits each time, so that a resumed run goes on exactly.

    cuDNN's search for the fastest algorithm stays off: each process would measure anew, and another algorithm rounds
    otherwise.
    """
    if device.type == "cuda":
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False


@contextlib.contextmanager
def full_float32() -> Iterator[None]:
    """Let a GPU multiply float32 as float32, and not as TF32, which is cuDNN's default for convolutions.

    TF32 keeps 10 bits of a number's fraction: a hundredth of a picture's pixels would be a grey level off from those
    that a CPU draws with the same weights.
    """
    convolutions, others = torch.backends.cudnn, torch.backends.cuda.matmul
    before = convolutions.allow_tf32, others.allow_tf32
    convolutions.allow_tf32 = others.allow_tf32 = False
    try:
        yield
    finally:
        convolutions.allow_tf32, others.allow_tf32 = before


def wait(device: torch.device) -> None:
    """Until a GPU has done all that it was given: a clock read before that tells of the launches alone."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def continue_stream(rng: torch.Generator, saved: Tensor, *origin: int | str) -> bool:
    """Take a stream of random numbers to a saved position; returns whether it goes on exactly.

    A position on another kind of device means nothing here: the stream then begins anew, from a seed made of `origin`.
    """
    if saved.numel() == rng.get_state().numel():
        rng.set_state(saved.cpu())
        return True
    rng.manual_seed(int.from_bytes(hashlib.sha256(repr(origin).encode()).digest()[:7], "big"))
    return False


def device_name(device: torch.device, processes: int = 1, precision: str = "float32") -> str:
    """The device in words a person knows, the number of processes before and a precision that is not float32 behind."""
    threads = torch.get_num_threads()
    name = "MPS: Apple GPU" if device.type == "mps" else f"CPU, {threads} thread{'s' * (threads > 1)}"
    if device.type == "cuda":
        name = f"CUDA: {torch.cuda.get_device_name(device)}"
    return f"{processes} x " * (processes > 1) + name + f", {precision}" * (precision != "float32")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that a device, or the machine, has no memory left for a tensor."""
    words = (
        *("can't allocate memory", "DefaultCPUAllocator: not enough memory", "ALLOC_FAILED", "out of memory"),
        *("could not create a primitive", "could not create a memory"),  # all that oneDNN says of it
    )
    if isinstance(error, Halted):  # which may speak of the memory of another process
        return False
    known = isinstance(error, (torch.OutOfMemoryError, MemoryError))
    return known or (isinstance(error, RuntimeError) and any(word in str(error) for word in words))


def forget_buffers(device: torch.device) -> None:
    """Give back the memory that PyTorch keeps for later, so that blocks of another size find room."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def fewer_at_once(work: Callable[[int], T], at_once: int, device: torch.device, least: int = 1) -> T:
    """What `work` returns with so many pictures at once, or begun anew with half as many where memory runs out.

    Raises what it raised with fewer than two times `least`.
    """
    while True:
        try:
            return work(at_once)
        except Exception as error:
            if at_once < 2 * least or not is_out_of_memory(error):
                raise
        forget_buffers(device)  # only here, where the traceback is gone, is the memory of the failed try free
        at_once //= 2
