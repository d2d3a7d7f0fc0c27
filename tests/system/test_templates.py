"""A template shows texts and never lets them become HTML."""

import json

import jinja2
import pytest
from markupsafe import Markup

from dcgan.system.templates import filled

HOSTILE = "</script><script>alert('x')</script> & \"{{ 7 * 7 }}\""


@pytest.fixture
def template(tmp_path):
    path = tmp_path / "page.html"
    path.write_text('<p title="{{ text }}">{{ text }}</p><script type="application/json">{{ facts | tojson }}</script>')
    return path


def test_a_text_stays_a_text_wherever_it_stands(template):
    page = filled(template, text=HOSTILE, facts={"z": HOSTILE, "a": 1})
    assert page.count("<script") == page.count("</script>") == 1 and "49" not in page
    shown, _, rest = page.partition("<script")
    assert not any(sign in shown.replace('<p title="', "").replace('">', "").replace("</p>", "") for sign in "<>\"'")
    facts = rest.partition(">")[2].removesuffix("</script>")
    assert list(json.loads(facts).items()) == [("z", HOSTILE), ("a", 1)]


def test_what_is_marked_as_html_of_our_own_stays_as_it_is(template):
    assert "<b>it's</b></p>" in filled(template, text=Markup("<b>it's</b>"), facts={})


def test_a_value_that_is_not_there_is_a_mistake(template):
    with pytest.raises(jinja2.UndefinedError, match="text"):
        filled(template, facts={})
