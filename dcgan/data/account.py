"""What of a folder or zip is used and how, and what isn't and why: the page says it before a start, then log.txt."""

import re
from collections.abc import Iterable

from dcgan.data import source_pictures, sources
from dcgan.data.unused import Unused, in_words
from dcgan.images.decode import shown
from dcgan.images.tones import Reading

MAX_REASONS = 6  # kinds of failure that are listed


def sentences(source: source_pictures.Source, failed: Iterable[str] = (), reading: Reading | None = None) -> list[str]:
    """All that a person should know about how their pictures are used, a sentence or two for each subject.

    `failed` is "name: reason" of each picture file that could not be read, as far as is known; `reading` is how the
    run reads them. For data sets with a name there is nothing to say, nor for runs from before version 2 of reading.
    """
    if source.kind == "idx" or source.version == 1:
        return []
    remark = source_pictures.listed(source).remark
    found = [remark, _splits(source), _not_used(source), _not_read(failed), _several(source), _scale(source, reading)]
    return [sentence for sentence in found if sentence]


def _splits(source: source_pictures.Source) -> str:
    layout, apart = source_pictures.layout(source), source_pictures.num_apart(source)
    if not apart:
        return ""
    number = sources.count(source) - apart
    told = (
        f"Trained on is {_folders(layout.train_folders)} ({number:,} picture files); {_folders(layout.held_folders)} "
        f"({apart:,}) {'is' if len(layout.held_folders) == 1 else 'are'} held out to measure with."
    )
    if outside := layout.outside:
        told += f" Not used: {len(outside):,} beside these folders, such as {shown(outside[0])}."
    return told


def _not_used(source: source_pictures.Source) -> str:
    unused = source_pictures.listed(source).unused
    if masks := source_pictures.layout(source).masks:
        unused += (Unused("mask of another picture", len(masks), min(masks)),)
    words = in_words(unused)
    return f"Not used: {words}." if words else ""


def _not_read(failed: Iterable[str]) -> str:
    """How many can't be read, by reason; figures in a reason, such as of bytes, make no new one."""
    reasons: dict[str, list[tuple[str, str]]] = {}  # -> names with their own words
    for line in sorted(failed):
        name, _, reason = line.partition(": ")
        reasons.setdefault(re.sub(r"\d+", "", reason), []).append((name, reason))
    if not reasons:
        return ""
    listed = sorted(reasons.values(), key=len, reverse=True)
    parts = [
        f"{len(names):,} ({'such as ' * (len(names) > 1)}{names[0][0]}: {names[0][1]})"
        for names in listed[:MAX_REASONS]
    ]
    rest = sum(map(len, listed[MAX_REASONS:]))
    return f"Can't be read: {', '.join(parts)}" + (f", {rest:,} for other reasons." if rest else ".")


def _several(source: source_pictures.Source) -> str:
    looked, several, example = source_pictures.frames(source)
    if not several:
        return ""
    of = f"Of {looked:,} files that were looked at {several:,}" if looked > 1 else "One file"
    return f"{of} hold{'s' * (several == 1)} several pictures, of which the first is used (such as {shown(example)})."


def _scale(source: source_pictures.Source, reading: Reading | None) -> str:
    """The one scale of all pictures with more than 8 bits, and what it does to some of them."""
    depth = source_pictures.depth(source)
    told = ""
    if depth.looked:
        black, white = (reading.black, reading.white) if reading and reading.white > reading.black else depth[1:3]
        of = "the range of the whole set" if (black, white) == depth[1:3] else "as set"
        told = f"Some have more than 8 bits a value: in all of them {black:,.6g} is black and {white:,.6g} white, {of}."
        if depth.dim and of != "as set":
            told += f" Of {depth.looked:,} of these {depth.dim:,} stay nearly black, since others are far brighter."
    return told


def _folders(names: tuple[str, ...]) -> str:
    return ("the folder " if len(names) == 1 else "the folders ") + ", ".join(map(shown, names))
