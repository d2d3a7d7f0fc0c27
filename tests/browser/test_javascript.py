"""Remarks go, and strings, templates and patterns stay as they are."""

import pytest

from dcgan.browser.javascript import code_only, lean, pieces


@pytest.mark.parametrize(
    "kept",
    [
        'const a = "https://x // y";',
        "const a = 'https://x // y';",
        "const a = `https://x // y`;",
        'const a = "a \\" // y";',
        "const a = `one // two\n    three /* four */\n  `;",
        "const a = `x ${ {b: `// ${c} // `} } // y`;",
        "const a = `\\` // y \\${ // z`;",
        "const a = /[/*] \\/ \\/\\/ y/.test(b);",
        "const a = b.replace(/ \\/\\/ /g, c);",
        "const a = `${/[`}] /.test(b) ? 1 : 2} // y`;",
        "const a = (b + c) / 2 + d / 3;",
        "const a = b[0] / c / d;",
    ],
)
def test_what_only_looks_like_a_remark_stays(kept):
    assert lean(kept) == f"{kept}\n"
    assert lean(f"  // said // before\n\n  {kept}  // said behind\n/* and\n more */\n") == f"{kept}\n"
    assert "".join(piece for _, piece in pieces(kept)) == kept


def test_remarks_indentation_and_empty_lines_go():
    text = 'function f() {\n  // it says\n\n  return 1 /* one */ + "a";   // so\n}\n'
    assert lean(text) == 'function f() {\nreturn 1 + "a";\n}\n'
    assert lean("a /* b\n */ c") == "a\nc\n"  # a line that ends ends a statement


def test_only_code_is_seen_as_code():
    text = 'a = "b c" + `d\n${e} f` + /g/ // h'
    code = code_only(text)
    assert len(code) == len(text)
    assert code.split() == ["a", "=", '"', '"', "+", "e", "+"]
    assert code.count("\n") == 1


def test_a_template_without_an_end_is_refused():
    with pytest.raises(ValueError, match="doesn't end"):
        lean("const a = `b ${c} d;\n")
