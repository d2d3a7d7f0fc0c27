"""HTML from a template and plain values: every text that is put in is escaped, unless it is `Markup` of our own."""

from pathlib import Path

from jinja2 import Environment, StrictUndefined

_ENVIRONMENT = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
_ENVIRONMENT.policies["json.dumps_kwargs"] = {"sort_keys": False}


def filled(template: Path, **values: object) -> str:
    """The template with these values; one that it asks for and that is not there raises jinja2.UndefinedError.

    `{{ value | tojson }}` may stand inside a script element: no text in it can end the element.
    """
    return _ENVIRONMENT.from_string(template.read_text(encoding="utf-8")).render(values)
