"""What may go wrong, and the exit codes of every command."""


class BadInput(ValueError):
    """What a person gave can't be used; the message is the one sentence they should read.

    Where the way out differs, it ends in `terminal` for somebody at a terminal, which is what str() gives, and in
    `page`, with commands and their options left out, for somebody at a page.
    """

    def __init__(self, sentence: str, terminal: str = "", page: str = "") -> None:
        super().__init__(sentence + terminal)
        self.on_page = sentence + page


class Unwritable(BadInput):
    """A folder of the studio's can't be written to, as in a checkout that is read-only; a page names both at once."""

    def __init__(self, sentence: str, terminal: str = "name another folder in the variable DCGAN_DATA") -> None:
        page = (
            "set the environment variables DCGAN_ROOT and DCGAN_DATA to folders that can be written to, one for runs "
            "and one for pictures, and start the studio again"
        )
        super().__init__(f"{sentence}: ", f"{terminal}.", f"{page}.")


class Diverged(RuntimeError):
    """A loss or a weight stopped being a finite number, at a step."""

    def __init__(self, words: str, step: int) -> None:
        super().__init__(words)
        self.step = step


class Halted(RuntimeError):
    """Training can't go on; the message is the one sentence that a person should read."""


def first_line(error: BaseException) -> str:
    """What an error says, cut to one line of at most 200 characters that a sentence can hold; never empty."""
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:200].rstrip(".")


DONE, FAILED, REFUSED = 0, 1, 2  # exit codes of every command
