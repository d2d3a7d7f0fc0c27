"""Modules become one scope, and what such a scope would hide is refused."""

import pytest

from dcgan.browser import modules
from dcgan.browser.modules import Module

FINE = {
    "lab/start.js": 'import { Film } from "./film.js";\nimport {\n  slerp,\n} from "../z.js";\nnew Film(slerp);\n',
    "lab/film.js": '// import { no } from "x";\n'
    'import { norm } from "../z.js";\nexport class Film { a() { return norm } }\n',
    "z.js": "export const norm = 1;\nexport function slerp() {}\nconst own = `\nexport const text = 1;\n`;\n",
}


def read(texts: dict[str, str]) -> dict[str, Module]:
    return {name: modules.read(name, text) for name, text in texts.items()}


def check(texts: dict[str, str]) -> None:
    found = read(texts)
    modules.check(
        {name: found[name] for name in modules.in_order("lab/start.js", found.__getitem__)}, ["lab/start.js"], ["MADE"]
    )


def changed(name: str, before: str, after: str) -> dict[str, str]:
    assert before in FINE[name]
    return FINE | {name: FINE[name].replace(before, after)}


def test_modules_come_once_after_what_they_need_and_without_their_words():
    found = read(FINE)
    check(FINE)
    assert modules.in_order("lab/start.js", found.__getitem__) == ["z.js", "lab/film.js", "lab/start.js"]
    assert found["lab/start.js"].text == "new Film(slerp);\n"
    assert found["z.js"].text == FINE["z.js"].replace("export const n", "const n").replace("export f", "f")
    assert found["z.js"].exports == {"norm", "slerp"}


def test_names_that_a_module_defines():
    text = (
        "const a = { b: 1, c }, d = (e, f) => [g, h];\nlet i, j = `k`;\nconst [l, m] = [1, 2];\nconst { n, o } = p();\n"
        "export const q = x < 1 ? 2 : 3;\nfunction r(s) {\n  const t = 1;\n}\nclass U {\n  v() {}\n}\n"
    )
    assert modules.read("x.js", text).defines == set("adijlmnoqrU")
    assert modules.read("x.js", text).exports == {"q"}


def test_an_entry_may_pass_on_what_it_imports():
    texts = FINE | {"lab/start.js": 'export { Film } from "./film.js";\nexport { slerp } from "../z.js";\n'}
    check(texts)
    assert read(texts)["lab/start.js"].exports == {"Film", "slerp"}
    assert read(texts)["lab/start.js"].text == ""


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (
            changed("lab/film.js", "export class", "const own = 1;\nexport class"),
            "z.js and lab/film.js both define own",
        ),
        (changed("z.js", "const own", "let MADE"), "the bundle and z.js both define MADE"),
        (changed("z.js", "export const norm", "const norm"), "lab/film.js imports norm, which z.js doesn't export"),
        (changed("lab/film.js", "return norm", "return other.norm"), "lab/film.js imports norm and doesn't use it"),
        (changed("z.js", "const own", "export const own"), "z.js exports own, which nobody imports"),
        (
            changed("lab/film.js", 'import { norm } from "../z.js";\n', ""),
            "lab/film.js uses norm of z.js without an import",
        ),
        (
            changed("z.js", "const own", 'import { Film } from "./lab/film.js";\nconst own'),
            "lab/film.js -> z.js -> lab/film.js",
        ),
        (changed("z.js", "const own", 'import Film from "./lab/film.js";\nconst own'), "no form of import or export"),
        (changed("z.js", "const own", "export default own"), "no form of import or export"),
        (changed("z.js", "const own", 'import { a as b } from "./a.js";\nconst own'), "no form of import or export"),
    ],
)
def test_what_one_scope_would_hide_is_refused(texts, said):
    with pytest.raises(ValueError, match=said):
        check(texts)
