"""The words of the field, one plain exact sentence each, and the dotted line under a word that a page says first.

The line is that of a Markdown link: the sentence is its title, shown under a pointer or by the keyboard's focus
(`style.CSS`), and a click or a tap opens the glossary of the Learn page at the word, in a tab of its own.
"""

import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote

from dcgan.evaluation.figures import FIGURES


class Entry(NamedTuple):
    says: str  # one sentence, plain text: no quotes, no Markdown
    forms: tuple[str, ...] = ()  # how else a page may say it


ENTRIES: dict[str, Entry] = {
    "Adam": Entry("The optimiser: from a gradient and its recent past it decides how far each weight moves."),
    "batch": Entry("The pictures that a network is trained on at once, such as 64.", ("batches",)),
    "BatchNorm": Entry(
        "A layer that shifts and scales each of its maps to mean 0 and deviation 1 over the batch, and then to a mean "
        "and deviation that it learns."
    ),
    "checkpoint": Entry(
        "All that was saved at a moment of training: weights, optimisers, place in the data, randomness; from it a run "
        "goes on exactly.",
        ("checkpoints", "training state", "whole state"),
    ),
    "class": Entry("One kind of picture in the data, such as trousers; many data sets label them.", ("classes",)),
    "collapse": Entry(
        "G gives nearly the same picture, or only a few, for every z: it found an answer that fools D and varies no "
        "more.",
        ("mode collapse",),
    ),
    "coverage": Entry(FIGURES["coverage"].meaning),
    "density": Entry(FIGURES["density"].meaning),
    "discriminator": Entry(
        "D, the network that is shown real pictures and fakes and says how real each one looks.", ("discriminators",)
    ),
    "distance": Entry(FIGURES["distance"].meaning, ("Fréchet distance",)),
    "EMA": Entry(
        "Exponential moving average: a G whose weights are an average of those of the last steps; it draws calmer "
        "pictures than the G of the moment.",
        ("averaged G",),
    ),
    "epoch": Entry("One pass over all training pictures.", ("epochs",)),
    "fake": Entry("A picture that G made.", ("fakes",)),
    "floor": Entry(
        "The same figure for real pictures against other real ones: only luck or copying makes it better.",
        ("floors",),
    ),
    "fork": Entry(
        "A new run that begins as a copy of another at one of its steps, with other settings or larger pictures.",
        ("forked",),
    ),
    "generator": Entry("G, the network that turns the numbers of a z into a picture.", ("generators",)),
    "gradient": Entry(
        "For each weight or pixel: which way, and how strongly, a small change of it would change the loss.",
        ("gradients",),
    ),
    "held out": Entry(
        "Kept away from training, so that figures can be measured on pictures that no network has learned from.",
        ("held-out",),
    ),
    "judge": Entry("A small network or fixed filters that turn pictures into the features that figures compare."),
    "latent space": Entry("All the z that G can be given: near points give pictures that are alike."),
    "learning rate": Entry(
        "How far the weights move in each step; too high and training swings, too low and it crawls.",
        ("learning rates",),
    ),
    "logit": Entry(
        "D's verdict as a plain number: above 0 means real, below 0 fake; the logistic function makes a probability "
        "of it.",
        ("logits",),
    ),
    "loss": Entry(
        "The number that a player tries to make small; in a GAN it says who is ahead, not how good the pictures are.",
        ("losses",),
    ),
    "map": Entry(
        "What one filter of a layer finds, laid out as a picture: bright where it finds it.", ("maps", "feature maps")
    ),
    "overfitting": Entry(
        "A network has learnt its training pictures by heart: it does well on them, and worse on new ones.",
        ("learnt by heart", "learn by heart", "by heart"),
    ),
    "precision": Entry(FIGURES["precision"].meaning),
    "preset": Entry("A recipe: a complete set of settings to start a run with.", ("recipe", "presets", "recipes")),
    "recall": Entry(FIGURES["recall"].meaning),
    "ReLU": Entry("A layer that keeps what is above zero and cuts off the rest.", ("LeakyReLU",)),
    "run": Entry("One training with its settings, pictures, curves and weights: a folder on this computer."),
    "seed": Entry(
        "The number that chance begins with: the same seed gives the same z, and so the same picture.", ("seeds",)
    ),
    "slerp": Entry(
        "The way from one z to another along a sphere, which keeps the length of z as it is usual for G; straight "
        "across, it would grow too short."
    ),
    "snapshot": Entry("G alone, as it was at one step of training.", ("snapshots", "kept steps", "kept step")),
    "step": Entry("One move of training: D is trained on a batch, once or more, then G once.", ("steps",)),
    "stride": Entry("How many pixels a filter moves at a time: a stride of 2 halves the size, or doubles it in G."),
    "tanh": Entry("The function at G's end that bends any number to between −1, black, and 1, white."),
    "truncation": Entry(
        "Pulling z towards the middle of the latent space: pictures become more typical and less varied."
    ),
    "weights": Entry("The numbers inside a network that training changes.", ("weight",)),
    "z": Entry("The random numbers that G makes one picture of; the same z always gives the same picture."),
}
NAMES = {form.lower(): name for name, entry in ENTRIES.items() for form in (name, *entry.forms)}
_WORDS = "|".join(re.escape(form) for form in sorted(NAMES, key=len, reverse=True))
# links, code, icons and directives' names stay as they are; a word in a hyphenated one is another word
_TOKEN = re.compile(rf"(!?\[[^\]]*\]\([^)]*\)|`[^`]*`|:[\w-]+/\w+:|:[\w-]+(?=\[))|(?<![\w-])({_WORDS})(?![\w-])", re.I)


def says(name: str) -> str:
    """The sentence of an entry, for a help text; KeyError for a word that has none."""
    return ENTRIES[name].says


def marker() -> Callable[[str], str]:
    """A function for one drawing of a page: in our own Markdown sentences, given to it one after another, it makes
    each word of the glossary a link where it is said first.

    A person's text doesn't go through it: escape that and put it in afterwards.
    """
    seen: set[str] = set()

    def mark(text: str) -> str:
        def one(match: re.Match[str]) -> str:
            form = match[2]
            if form is None or (name := NAMES[form.lower()]) in seen:
                return match[0]
            seen.add(name)
            return f'[{form}](learn?part=glossary&word={quote(name)} "{ENTRIES[name].says}")'

        return _TOKEN.sub(one, text)

    return mark


def found(wanted: str) -> list[str]:
    """The names of the entries that a search finds, all of them for an empty one: the word itself first, then those
    whose name or another form of it holds what was typed, then those whose sentence does."""
    typed = wanted.strip().lower()
    names = sorted(ENTRIES, key=str.lower)
    if not typed:
        return names
    own = NAMES.get(typed)
    in_name = [name for name in names if any(typed in form.lower() for form in (name, *ENTRIES[name].forms))]
    in_words = [name for name in names if typed in ENTRIES[name].says.lower()]
    return list(dict.fromkeys([*([own] if own else []), *in_name, *in_words]))
