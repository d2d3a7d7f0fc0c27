"""One training step of a run, looked at closely: its z, fakes, verdicts, gradients at the pixels, and what G drew then.

The step is the run's own next one: weights, optimisers, random streams, data order and threads are those of its newest
state, and the settings those wished for by now. It is taken on a copy; nothing on disk changes. Run as
`python -m dcgan.training.slow_step RUN`, it writes an .npz (`dcgan/runs/step_frames.py`) to its output.
"""

import os
import sys
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dcgan.compute import devices
from dcgan.compute.threads import Threads
from dcgan.config import Config
from dcgan.data import batches, dataset
from dcgan.errors import DONE, FAILED, REFUSED, BadInput, first_line
from dcgan.runs import live_settings
from dcgan.runs.checkpoint import load_state, network_hashes
from dcgan.runs.run import Run
from dcgan.runs.step_frames import SHOWN, StepFrames, packed
from dcgan.training import distributed
from dcgan.training.gan import GAN
from dcgan.training.session import go_on_from
from dcgan.training.step import one_step
from dcgan.training.team import ALONE


class Witness:
    """Notes what passes through the networks of a GAN in a step; its numbers stay those of any other.

    Of G's move: z, fakes, their gradients, and the logits they were judged by, each in the parts that the batch was
    divided into. Of D's moves, the last alone: the real pictures, and the logits of real and fake, in parts.
    """

    def __init__(self, gan: GAN) -> None:
        self.z: list[Tensor] = []
        self.labels: list[Tensor | None] = []  # of the same parts, where classes are asked for
        self.fakes: list[Tensor] = []
        self.gradients: list[Tensor] = []
        self.judged: list[Tensor] = []
        self.real = torch.empty(0)
        self.verdicts: list[tuple[Tensor, Tensor]] = []
        self._step, self._draw, self._logits, self._both = gan.step, gan.draw, gan.logits, gan.both_logits
        gan.step, gan.draw, gan.logits = self.step, self.draw, self.logits  # type: ignore[method-assign]
        gan.both_logits = self.both_logits  # type: ignore[method-assign]

    def step(self, real: Tensor, labels: Tensor | None = None, train_g: bool = True) -> dict[str, Tensor]:
        self.real = real
        self.verdicts.clear()
        return self._step(real, labels, train_g)

    def draw(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        made = self._draw(z, labels)
        if made.requires_grad:  # drawn to learn from
            self.z.append(z)
            self.labels.append(labels)
            self.fakes.append(made.detach().clone())
            made.register_hook(lambda gradient: self.gradients.append(gradient.detach().clone()))
        return made

    def logits(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        found = self._logits(x, labels)
        if x.requires_grad:  # D's own move is on fakes that lead back to no weight
            self.judged.append(found.detach())
        return found

    def both_logits(self, real: Tensor, fake: Tensor, labels: Tensor | None = None) -> tuple[Tensor, Tensor]:
        on_real, on_fake = self._both(real, fake, labels)
        self.verdicts.append((on_real.detach(), on_fake.detach()))
        return on_real, on_fake


def take(run: Run, shown: int = SHOWN) -> StepFrames:
    """The run's next step, with the first `shown` pictures of its batch.

    Raises BadInput without a whole state, without the pictures, and for a state from the middle of a step.
    """
    config = run.config
    state = load_state(run)
    device = ALONE.device(config.device)
    distributed.set_threads(config, ALONE)
    fixed = bool(config.num_threads) or device.type != "cpu" or "OMP_NUM_THREADS" in os.environ
    threads = Threads(adapts=not fixed)
    threads.use(state.get("threads", threads.most))
    devices.repeat_exactly(device)
    pictures = dataset.load_for(config, expected=config.data_fingerprint)

    gan = GAN(config, device, ALONE, len(pictures.images))
    stream = batches.BatchStream(len(pictures.images), config.batch_size, config.seed)
    _, now = go_on_from(state, run, config, gan, stream)
    wished = live_settings.asked(config, run.control())
    if "micro_batch" in live_settings.changed(now, wished):
        gan.at_most = 0
    gan.apply(wished)
    if gan.begun:
        raise BadInput(
            f"The state of run {run.id} is from the middle of a step: let it train one step, then look again."
        )

    before, witness = [weight.detach().clone() for weight in gan.G.parameters()], Witness(gan)
    feed = batches.Feed(pictures.images, device, labels=pictures.labels if config.num_classes else None)
    measured = one_step(gan, feed, stream, wished)
    facts = facts_of(gan, wished, measured, before) | {"step": state["step"], "threads": threads.now}
    seen = {
        "z": torch.cat(witness.z),
        "real": witness.real,
        "fakes": torch.cat(witness.fakes),
        "gradient": torch.cat(witness.gradients),
        "judged": torch.cat(witness.judged),
        "on_real": torch.cat([real for real, _ in witness.verdicts]),
        "on_fake": torch.cat([fake for _, fake in witness.verdicts]),
    }
    seen |= redrawn(gan, list(zip(witness.z, witness.labels, witness.fakes, strict=True)))
    facts["agreement"] = agreement(-seen["gradient"], seen["after"] - seen["fakes"])
    return StepFrames(**{name: plain(values[:shown]) for name, values in seen.items()}, facts=facts)


def redrawn(gan: GAN, parts: list[tuple[Tensor, Tensor | None, Tensor]]) -> dict[str, Tensor]:
    """What G draws of the step's z now, as in training; and D's verdicts on those pictures before and after G's move.

    `parts` are z (b, z_dim), their labels (b,) or None, and the fakes (b, C, S, S) that were drawn of them,
    as the batch was divided.
    """
    after, was, became = [], [], []
    with torch.no_grad():
        for z, labels, fakes in parts:
            with gan.untouched():
                after.append(gan.draw(z, labels))
                was.append(gan.logits(fakes, labels))
                became.append(gan.logits(after[-1], labels))
    return {"after": torch.cat(after), "was": torch.cat(was), "became": torch.cat(became)}


def facts_of(gan: GAN, now: Config, measured: dict[str, Tensor], before: list[Tensor]) -> dict[str, Any]:
    """The settings in force and what the whole batch gave.

    d_loss, g_loss, d_real, d_fake: as a run records them. moved: how far the step moved G's weights, as a share of
    their size. after: the hashes of both networks as the step leaves them, see `network_hashes`. exact: whether the run
    itself would round as this did.
    """
    settings = ("loss", "scores", "batch_size", "d_steps", "g_noise", "z_dim", "z_prior", "lr_g", "lr_d", "optimizer")
    change = torch.stack([(w.detach() - old).square().sum() for w, old in zip(gan.G.parameters(), before, strict=True)])
    size = torch.stack([old.square().sum() for old in before])
    return {
        **{name: getattr(now, name) for name in settings},
        **{name: value.item() for name, value in measured.items()},
        "augments": gan.augments != "off",
        "moved": (change.sum() / size.sum()).sqrt().item(),
        "exact": gan.is_exact,
        "after": network_hashes(gan.state_dict()),
    }


def agreement(wanted: Tensor, came: Tensor) -> float:
    """The cosine between two changes of a batch of pictures: 1 the same way, 0 none in common; 0 if one is nothing."""
    return torch.nn.functional.cosine_similarity(wanted.float().flatten(), came.float().flatten(), dim=0).item()


def plain(values: Tensor) -> np.ndarray:
    return values.float().cpu().numpy()


def main() -> int:
    try:
        found = take(Run(sys.argv[1]))
    except BadInput as error:
        print(error.on_page, file=sys.stderr)
        return REFUSED
    except Exception as error:
        print(first_line(error), file=sys.stderr)
        return FAILED
    arrays = found._asdict()
    facts = arrays.pop("facts")
    sys.stdout.buffer.write(packed(arrays, facts))
    return DONE


if __name__ == "__main__":
    sys.exit(main())
