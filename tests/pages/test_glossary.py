"""The glossary: what a sentence becomes, what a search finds, and that nothing in an entry breaks a link."""

import re

import pytest

from dcgan.evaluation.figures import FIGURES
from pages.common import glossary
from tests.pages.app import open_page, texts

LINK = re.compile(r'\[([^\]]+)\]\(learn\?part=glossary&word=([\w%]+) "([^"]+)"\)')


def test_each_word_is_marked_once_in_a_drawing_of_a_page():
    mark = glossary.marker()
    first, second = mark("G makes *z*, and z again, from **Seeds** and z_dim."), mark("A seed, a z, a batch.")
    assert LINK.findall(first) == [("z", "z", glossary.says("z")), ("Seeds", "seed", glossary.says("seed"))]
    assert LINK.findall(second) == [("batch", "batch", glossary.says("batch"))]
    assert LINK.sub(r"\1", first) == "G makes *z*, and z again, from **Seeds** and z_dim."
    assert len(LINK.findall(glossary.marker()("A seed, a z, a batch."))) == 3, "another drawing begins anew"


@pytest.mark.parametrize(
    "text", ["`z`", "[the z of a step](x)", ":material/step:", "batch-size", "mini-batch", "stepping", ":step[x]"]
)
def test_links_code_icons_and_parts_of_words_stay_as_they_are(text):
    assert glossary.marker()(text) == text


def test_the_longest_word_wins():
    assert "word=learning%20rate" in glossary.marker()("Two learning rates")
    assert "word=collapse" in glossary.marker()("a mode collapse")


def test_every_entry_is_one_sentence_that_a_link_can_carry():
    assert len(glossary.ENTRIES) > 30
    for name, entry in glossary.ENTRIES.items():
        assert re.fullmatch(r'[A-Z][^"\\\[\]*_`<>$]+[.?]', entry.says), name
        assert LINK.fullmatch(glossary.marker()(name)), name
    forms = [form for name, entry in glossary.ENTRIES.items() for form in (name, *entry.forms)]
    assert len({form.lower() for form in forms}) == len(forms), "two entries claim one word"
    assert glossary.says("recall") == FIGURES["recall"].meaning


def test_a_search_puts_the_word_itself_first():
    assert glossary.found("ema")[0] == "EMA" and glossary.found("by heart")[0] == "overfitting"
    assert "floor" in glossary.found("copying") and glossary.found("xyzzy") == []
    assert glossary.found("") == sorted(glossary.ENTRIES, key=str.lower)


def test_a_link_opens_the_glossary_at_its_word(tmp_path, monkeypatch):
    monkeypatch.setenv("DCGAN_ROOT", str(tmp_path))
    app = open_page("learn/learn", part="glossary", word="latent space")
    assert app.markdown[0].value.startswith("##### latent space\n\nAll the z")
    app.text_input[0].set_value("*xyzzy*").run()
    assert r"\*xyzzy\*" in app.info[0].value
    app.text_input[0].set_value("").run()
    assert all(f"##### {name}\n" in texts(app) for name in glossary.ENTRIES)
