"""Who may frame the studio and open its WebSocket, and what its pages may load."""

import pytest

from pages.common.protection import inline_hashes, is_own_page, policy, sent


@pytest.mark.parametrize(
    ("origin", "others", "own"),
    [
        ("http://localhost:8501", {}, True),
        ("", {}, True),  # a program, not a page
        ("http://localhost:9999", {}, False),
        ("http://localhost", {}, False),
        ("https://studio.example", {"x-forwarded-host": "studio.example"}, True),  # through a proxy
        ("https://evil.example", {"x-forwarded-host": "studio.example"}, False),
        ("null", {}, False),  # a file, or a frame without rights
        ("file://", {}, False),
    ],
)
def test_only_a_page_of_the_same_host_and_port_is_our_own(origin, others, own):
    named = {"Host": "localhost:8501", **({"Origin": origin} if origin else {}), **others}
    scope = {"headers": [(name.encode(), value.encode()) for name, value in named.items()]}
    assert is_own_page(sent(scope)) is own


def test_nothing_comes_from_elsewhere_and_nobody_frames_it():
    rules = dict(rule.split(" ", 1) for rule in policy("").decode().split("; "))
    assert rules["frame-ancestors"] == rules["default-src"] == "'self'"
    assert not any("http" in value or "*" in value for value in rules.values())
    assert "'unsafe-inline'" not in rules["script-src"]
    assert len(inline_hashes()) >= 1 and all(each in rules["script-src"] for each in inline_hashes())


def test_a_person_may_name_who_frames_it():
    assert policy("https://a.example https://b.example").endswith(b"'self' https://a.example https://b.example")
    assert policy("https://a.example;script-src 'unsafe-eval' https://b.example").endswith(b"'self' https://b.example")
