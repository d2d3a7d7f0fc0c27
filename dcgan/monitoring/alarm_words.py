"""Alarms in plain words: what is seen, why it happens, what to do, and what a fork from before it should change."""

from typing import Any, NamedTuple

from dcgan.config import Config
from dcgan.monitoring.alarms import LOOK_EVERY, Alarm
from dcgan.monitoring.class_rows import RARE


class Words(NamedTuple):
    """What is said of every alarm of a name."""

    title: str
    seen: str  # a sentence with figures of the alarm's look in braces
    why: str
    todo: str


TELLS: dict[str, Words] = {
    "nan": Words(
        "Not a number",
        "A weight or a loss is no longer a number, so the training stopped.",
        "A step was so large that the next figures left the range a computer can hold.",
        "Go back to the last healthy step with a quarter of the learning rates.",
    ),
    "runaway": Words(
        "Numbers run away",
        "A gradient is {gradient:,.0f} long, G's loss is {g_loss:,.0f} and D's {d_loss:,.0f}; healthy are less than "
        "1,000 and 50. Soon nothing may be a number.",
        "Each step overshoots, and the next has to be larger to make up for it.",
        "Go back at once, with a quarter of the learning rates.",
    ),
    "rate": Words(
        "Learning rate too high",
        "A player's weights became {growth:.2g} times as large in some {every} steps; a healthy training adds a few "
        "percent.",
        "Steps this large forget what was learned before them, and the players only jump about.",
        "Go back to before it with a tenth of the learning rates.",
    ),
    "copies": Words(
        "Most pictures are copies",
        "Of {looked_at:,} training pictures only {different:,} differ.",
        "Files were copied, or a video gave the same frame again and again. D learns so few pictures by heart, and G "
        "can do no better than repeat them.",
        "Take the copies out of the data and start again; some thousand different pictures are a good beginning.",
    ),
    "g_dead": Words(
        "G stands still",
        "A step changes G by {update_g:.2g} of its weights, next to nothing; D has an easy game.",
        "G's learning rate is next to nothing, or no gradient reaches it: its outputs are stuck at black and white, "
        "or D is so sure that it gives no hint.",
        "Go back to before it, with a rate for G that is no smaller than D's.",
    ),
    "collapse": Words(
        "Mode collapse",
        "G repeats itself: its pictures have {spread:.0%} of the variety of the real ones{neighbours}.",
        "G found a few pictures that D takes for real, and makes only these, whatever z says; D then learns to reject "
        "them, and G moves on to the next few.",
        "It seldom heals by itself. Go back to before it with half the learning rates.",
    ),
    "missing": Words(
        "A class is missing",
        "Of {names} there is less than {rare:.0%} of what the data have.",
        "G got along without it: D never asked for that class in particular. This is collapse over classes.",
        "Wait a little, for a class may come back. If it stays away, go back with batches twice as large, which show "
        "D more kinds of pictures at once.",
    ),
    "held_out": Words(
        "D learns its pictures by heart",
        "Real pictures that D has never trained on look {held_gap:.0%} as false to it as the fakes do.",
        "There are few pictures, or D has seen each very often: it recognises them one by one instead of learning "
        "what makes a picture real, and G gets no more useful hints.",
        "More training from here makes it worse. Use more pictures, or go back and let D see them only through random "
        "changes (augment); where it does already, with half its learning rate.",
    ),
    "d_wins": Words(
        "D wins",
        "D is right {d_accuracy:.1%} of the time, and G's loss is {g_loss:.1f}, far up.",
        "D learns faster than G, and from a defeat this clear G learns little.",
        "Go back to before it with a slower D, or a faster G where its rate is far below D's.",
    ),
    "swings": Words(
        "D and G go in circles",
        "D is right {lowest:.0%} of the time, then {highest:.0%}, up and down again and again.",
        "Each player overshoots the other's last move, so they chase each other instead of meeting.",
        "Go back with half the learning rates, and with a momentum (beta1) of 0.5 if it is higher.",
    ),
    "grid": Words(
        "Checkerboard",
        "{grid:.0%} of the fakes' contrast is a pattern that repeats every 2 or 4 pixels, and not in the real ones.",
        "Transposed convolutions leave it where their kernels overlap unevenly, or where G found it to fool D.",
        "Early in a training it mostly fades. If it stays, go back with half the learning rates; a kernel of 4, which "
        "its stride divides, needs a new run.",
    ),
}

HELP: dict[str, str] = {  # a line on a term of each
    "nan": "Not a number (NaN) is what a computer writes for a result it can't hold.",
    "runaway": "A gradient says in which direction, and how steeply, a player's loss falls.",
    "rate": "The learning rate is the size of a step down the gradient.",
    "copies": "Two pictures are the same if every pixel is, at the size that is trained on.",
    "g_dead": "A step moves each of G's weights a little; how little is set beside the size of the weights.",
    "collapse": "Variety is how far two pictures of a batch are apart on average, squared.",
    "missing": "A small classifier names the fakes' classes whenever their distance to the data is measured.",
    "held_out": "Held out are the pictures of the data's test part, which are never trained on.",
    "d_wins": "G's loss is high when D takes none of its pictures for real; at 0.7 D can only guess.",
    "swings": "A swing is a way of D's accuracy up or down that is too long for chance.",
    "grid": "The pattern's share is read from the spectrum: what stands out from the frequencies around it.",
}
FORK_HELP = "A new run that goes on from a kept step of this one; this one stays as it is."


def title(name: str) -> str:
    """The name of an alarm for people."""
    return TELLS[name].title


def seen(alarm: Alarm) -> str:
    """One sentence on what is wrong, with its figures."""
    look = dict(alarm.look)
    look["names"] = _listed(look.get("names", ()))
    if "nearest" in look:
        look["neighbours"] = f", and neighbours differ by {look['nearest']:.0%} of what real ones do"
    else:
        look["neighbours"] = ""
    look["rare"] = RARE
    look["every"] = LOOK_EVERY // 2
    return TELLS[alarm.name].seen.format(**look)


def remedy(name: str, saved: Config, now: Config) -> dict[str, Any]:
    """What a fork from before the alarm changes in the settings `saved` that were in force there; may be nothing.

    It is nothing where they were changed since then, to `now`: going back already undoes that.
    """
    lr_g, lr_d = saved.lr_g, saved.lr_d
    if name == "copies" or any(getattr(saved, field) != getattr(now, field) for field in ("lr_g", "lr_d", "d_steps")):
        return {}
    if name in ("nan", "runaway"):
        return {"lr_g": lr_g / 4, "lr_d": lr_d / 4}
    if name == "rate":
        return {"lr_g": lr_g / 10, "lr_d": lr_d / 10}
    if name in ("g_dead", "d_wins"):
        return {"lr_g": lr_d} if lr_g < lr_d / 3 else {"lr_d": lr_d / 2}
    if name == "held_out":
        return {"augment": "on"} if saved.augment == "off" else {"lr_d": lr_d / 2}
    if name == "missing":
        return {"batch_size": min(4096, 2 * saved.batch_size)}
    if name == "swings" and saved.optimizer == "adam" and saved.beta1 > 0.5:
        return {"beta1": 0.5}
    return {"lr_g": lr_g / 2, "lr_d": lr_d / 2}


def _listed(names: tuple[str, ...]) -> str:
    first = ", ".join(names[:3])
    return f"{first} and {len(names) - 3} more" if len(names) > 3 else first
