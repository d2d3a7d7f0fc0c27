"""Commands that draw: pictures, morphs, projections, films, and files to give away."""

import argparse
import sys
from pathlib import Path
from typing import Any

from dcgan.cli.output import file_to_write, origin, say, write
from dcgan.config import Config
from dcgan.errors import DONE, BadInput
from dcgan.runs.run import Run


def sample(args: argparse.Namespace) -> int:
    """Draw pictures from a run's generator, or a picture again from the recipe inside it."""
    if args.recipe:
        return again(args)
    if not args.run:
        raise BadInput("The following arguments are required: RUN, or --recipe with a picture to draw again.")
    from dcgan.latent.class_centres import name_of
    from dcgan.latent.moves import check_truncation
    from dcgan.latent.render import render
    from dcgan.provenance.redraw import drawn, sample_z
    from dcgan.runs.checkpoint import open_generator

    recipe: dict[str, Any] = {"seed": args.seed or 0, "n": 64 if args.n is None else args.n}
    recipe["truncation"] = 1.0 if args.truncation is None else args.truncation
    if not 1 <= recipe["n"] <= 100_000:
        raise BadInput(f"n must be from 1 to 100000, not {args.n}.")
    check_truncation(recipe["truncation"])
    out = file_to_write(args.out or "sample.png", ".png", ".npz")
    run = Run.find(args.run, args.root)
    generator = open_generator(run, args.step)
    if args.of_class is not None:
        recipe["class"] = name_of(args.of_class, generator.config)
    recipe = origin(run, generator) | recipe
    if out.suffix == ".npz":
        import io

        import numpy as np

        buffer = io.BytesIO()
        np.savez_compressed(buffer, images=render(generator, sample_z(generator, recipe)))
        content = buffer.getvalue()
    else:
        content = drawn(generator, recipe, out.suffix)
    write(out, content)
    size = generator.config.image_size
    shape = [recipe["n"], size, size, *([3] if generator.config.channels == 3 else [])]
    say(args, recipe | {"out": str(out), "shape": shape}, str(out))
    return DONE


def again(args: argparse.Namespace) -> int:
    """Draw a picture again from the recipe inside it; say whether the file is the same."""
    from dcgan.provenance.fields import ENDINGS, kind_of, recipe_of_file

    others = {"--n": args.n, "--seed": args.seed, "--truncation": args.truncation, "--class": args.of_class}
    if given := [name for name, value in others.items() if value is not None]:
        raise BadInput(f"--recipe says all that {' and '.join(given)} could say: leave it out.")
    recipe, old = recipe_of_file(args.recipe)
    source, endings = Path(args.recipe), ENDINGS[kind_of(recipe)]
    ending = source.suffix if source.suffix in endings else endings[0]
    out = file_to_write(args.out or f"{source.stem}-again{ending}", *endings)
    from dcgan.provenance.redraw import difference, redrawn

    run = Run.find(args.run, args.root) if args.run else None
    content, recipe = redrawn(recipe, out.suffix, args.root, run, args.step)
    write(out, content)
    differs = 0 if content == old else difference(old, content)
    if content == old:
        said = "the same bytes"
    elif differs == 0:
        said = "the same pixels, in other bytes"
    else:
        said = "another picture" if differs is None else f"pixels differ by up to {differs} of 255 grey levels"
    facts = recipe | {"out": str(out), "same_bytes": content == old, "differs": differs}
    say(args, facts, f"{out}: {said}")
    return DONE


def interpolate(args: argparse.Namespace) -> int:
    """Morph from seed to seed."""
    from dcgan.images import mp4
    from dcgan.images.encode import check_fps
    from dcgan.latent.moves import check_truncation
    from dcgan.provenance.fields import MAX_FRAMES
    from dcgan.provenance.redraw import drawn
    from dcgan.runs.checkpoint import open_generator

    out = file_to_write(args.out or "morph.gif", ".gif", ".webp", ".png", ".mp4")
    if out.suffix == ".mp4":
        mp4.check_available()
    if args.frames > MAX_FRAMES:
        raise BadInput(f"frames must be at most {MAX_FRAMES}, not {args.frames}.")
    if len(args.seeds) < 2:
        raise BadInput(f"seeds must be at least 2, not {len(args.seeds)}.")
    if args.frames < len(args.seeds):
        raise BadInput(f"frames must be at least the number of seeds, {len(args.seeds)}, not {args.frames}.")
    if args.columns is not None and (out.suffix != ".png" or not 1 <= args.columns <= args.frames):
        raise BadInput(f"columns must be from 1 to the number of frames, {args.frames}, and --out a .png.")
    check_fps(args.fps)
    check_truncation(args.truncation)
    run = Run.find(args.run, args.root)
    generator = open_generator(run, args.step)
    recipe = origin(run, generator) | {"seeds": args.seeds, "mode": args.mode, "loop": args.loop}
    recipe |= {"frames": args.frames, "truncation": args.truncation, "fps": args.fps}
    if args.of_class is not None:
        recipe["keyframes"] = _of_classes(args.seeds, args.of_class, generator.config)
    if args.columns is not None:
        recipe["columns"] = args.columns
    if out.suffix == ".mp4":
        recipe["enlarged"] = mp4.enlargement(generator.config.image_size)
    write(out, drawn(generator, recipe, out.suffix))
    say(args, recipe | {"out": str(out)}, str(out))
    return DONE


def _of_classes(seeds: list[int], names: list[str], config: Config) -> list[dict[str, int]]:
    """Keyframes of one class, or of one each."""
    from dcgan.latent.class_centres import label_of

    if len(names) not in (1, len(seeds)):
        raise BadInput(f"class must be one, or one for each of the {len(seeds)} seeds, not {len(names)}.")
    labels = [label_of(name, config) for name in names] * (len(seeds) // len(names))
    return [{"seed": seed, "class": label} for seed, label in zip(seeds, labels, strict=True)]


def project(args: argparse.Namespace) -> int:
    """Find the z whose picture comes nearest to a picture file."""
    from tqdm import tqdm

    from dcgan.images import encode
    from dcgan.latent import projection
    from dcgan.latent.codes import code_of
    from dcgan.latent.framing import target_of
    from dcgan.runs.checkpoint import open_generator

    out = file_to_write(args.out or "projection.png", ".png")
    run = Run.find(args.run, args.root)
    generator = open_generator(run, args.step)
    try:
        content = Path(args.picture).read_bytes()
    except OSError as error:
        raise BadInput(f"{args.picture!r} can't be read ({error.strerror}).") from None
    target = target_of(content, args.picture, generator.config, args.invert)
    with tqdm(total=100, disable=args.json or not sys.stderr.isatty(), bar_format="{percentage:.0f} %") as bar:
        found = projection.project(generator, target, lambda share: bar.update(100 * share - bar.n))
        held_out = projection.held_out_distances(run, generator) if args.compare else []
    recipe = origin(run, generator) | {"seed": 0, "z": code_of(found.z), "truncation": 1.0}
    write(out, encode.png_bytes(found.picture, recipe))
    facts = recipe | {"distance": found.distance, "start": found.start, "held_out": held_out, "out": str(out)}
    text = f"{found.distance:.1f} grey levels away, {found.start:.1f} the best random z"
    words = projection.beside(found.distance, held_out)
    say(args, facts, f"{text}{', ' * bool(words)}{words}\n{out}, z={facts['z']}")
    return DONE


def film(args: argparse.Namespace) -> int:
    """Make a film of a training: its sample grids from the first to the newest."""
    from dcgan.provenance.film import film_of

    out = file_to_write(args.out or "film.gif", ".gif", ".webp")
    run = Run.find(args.run, args.root)
    content, recipe = film_of(run, args.fps, out.suffix == ".webp")
    write(out, content)
    say(args, recipe | {"out": str(out)}, str(out))
    return DONE


def export(args: argparse.Namespace) -> int:
    """Write a generator as a file to give away."""
    from dcgan.export.explorer_page import ENDINGS, exported
    from dcgan.runs.checkpoint import open_generator

    to = file_to_write(args.to, *ENDINGS, option="--to")
    run = Run.find(args.run, args.root)
    generator = open_generator(run, args.step)
    content = exported(generator, run.name, to.suffix, run)
    write(to, content, "--to")
    say(args, origin(run, generator) | {"to": str(to), "bytes": len(content)}, str(to))
    return DONE
