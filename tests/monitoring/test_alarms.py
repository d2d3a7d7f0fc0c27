"""Alarms speak for faults, not for healthy games or single odd figures, and name what was healthy."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcgan.config import Config
from dcgan.monitoring import alarm_words
from dcgan.monitoring.alarm_signs import SIGNS
from dcgan.monitoring.alarms import LOOK_EVERY, SWINGS, Watcher, ordered, swings, watch
from dcgan.monitoring.class_rows import class_rows
from dcgan.presets import PRESETS
from dcgan.runs import live_settings

HEALTHY: dict[str, Any] = {  # as in the middle of a healthy `quick`
    **{"d_loss": 0.9, "g_loss": 2.2, "d_real": 0.7, "d_fake": 0.3, "d_accuracy": 0.8},
    **{"grad_g": 8.0, "grad_d": 20.0, "update_g": 0.02, "update_d": 0.015, "weight_g": 0.03, "weight_d": 0.025},
    **{"spread": 0.95, "nearest": 1.0, "grid": 0.005, "held_gap": 0.05},
}
BEGUN = {"step": 0, "event": "begun", "looked_at": 5000, "different": 4990, "weight_g": 0.03, "weight_d": 0.025}


def looks(number: int, first: int = 50, **values: Any) -> list[dict[str, Any]]:
    """So many looks in a row, 50 steps apart."""
    return [HEALTHY | {"step": first + 50 * i} | values for i in range(number)]


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [alarm.name for alarm in watch(rows)]


def test_a_healthy_game_raises_none() -> None:
    assert names([BEGUN, *looks(200)]) == []


FAULTS: dict[str, dict[str, Any]] = {  # alarm -> what its fault was seen to do
    "runaway": {"grad_d": 5e4},
    "g_dead": {"update_g": 0.0},
    "collapse": {"spread": 0.01, "nearest": 0.01},
    "d_wins": {"d_accuracy": 0.999, "g_loss": 9.0},
    "grid": {"grid": 0.2},
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_with_when_it_began_and_what_was_healthy(name) -> None:
    rows = [BEGUN, *looks(20), *looks(10, 1050, **FAULTS[name])]
    (alarm,) = watch(rows)
    hold = next(sign.hold for sign in SIGNS if sign.name == name)
    assert (alarm.name, alarm.since, alarm.raised, alarm.healthy) == (name, 1050, 1000 + 50 * hold, 1000)
    assert alarm_words.title(name) and "{" not in alarm_words.seen(alarm)


@pytest.mark.parametrize("name", FAULTS)
def test_words_do_not_flicker(name) -> None:
    sign = next(sign for sign in SIGNS if sign.name == name)
    odd = looks(sign.hold - 1, 1050, **FAULTS[name])
    assert names([BEGUN, *looks(20), *odd]) == []  # too short to speak
    begun = [BEGUN, *looks(20), *looks(10, 1050, **FAULTS[name])]
    assert names([*begun, *looks(sign.calm - 1, 1550)]) == [name]  # too short to be silent
    assert names([*begun, *looks(sign.calm, 1550)]) == []
    to_and_fro = [row for i in range(10) for row in looks(1, 1550 + 100 * i) + looks(1, 1600 + 100 * i, **FAULTS[name])]
    assert len(speakings([*begun, *to_and_fro])) == 1


def speakings(rows: list[dict[str, Any]]) -> list[str]:
    watcher = Watcher()
    watcher.feed(rows)
    return [alarm.name for alarm in watcher.raisings]


def test_figures_between_bad_and_fine_keep_what_was_said() -> None:
    begun = [BEGUN, *looks(20), *looks(5, 1050, spread=0.1)]
    assert names([*begun, *looks(50, 1300, spread=0.3)]) == ["collapse"]
    assert names([BEGUN, *looks(20), *looks(50, 1050, spread=0.3)]) == []
    (alarm,) = watch([BEGUN, *looks(20), *looks(5, 1050, spread=0.3), *looks(5, 1300, spread=0.1)])
    assert alarm.healthy == 1000  # what was doubtful is not healthy


def test_few_pictures_again_and_again_are_collapse_though_they_are_far_apart() -> None:
    assert names([BEGUN, *looks(20), *looks(5, 1050, nearest=0.02)]) == ["collapse"]


def test_blobs_of_the_first_steps_are_no_collapse() -> None:
    assert names([BEGUN, *looks(3, spread=0.01, nearest=0.01), *looks(5, 200)]) == []


def test_a_jump_of_the_weights_speaks_at_once_and_of_the_cause_first() -> None:
    wild = {"weight_g": 0.25, "weight_d": 0.5, "spread": 0.01, "nearest": 0.05, "d_accuracy": 1.0, "g_loss": 14.0}
    rows = [BEGUN, *looks(8), *looks(10, 450, **wild)]
    assert [alarm.raised for alarm in watch(rows[:10])] == [450]
    assert names(rows) == ["rate", "collapse", "d_wins"]
    assert names([*rows, *looks(40, 950, **wild)]) == ["rate", "collapse", "d_wins"]  # the harm is still there
    assert names([*rows, {"step": 925, "event": "change", "lr_g": 1e-4}]) == ["collapse", "d_wins"]


def test_a_rate_that_is_too_high_from_the_first_step_is_seen_at_the_first_look() -> None:
    (alarm,) = watch([BEGUN, *looks(1, weight_g=0.3, weight_d=0.3)])
    assert (alarm.name, alarm.raised, alarm.healthy) == ("rate", 50, 0)
    assert "12 times" in alarm_words.seen(alarm)


def test_circles_are_seen_in_the_accuracy() -> None:
    rows = [row for i in range(20) for row in looks(1, 500 + 50 * i, d_accuracy=(0.45, 0.95)[i // 3 % 2])]
    (alarm,) = watch([BEGUN, *rows])
    assert alarm.name == "swings" and alarm.since == 500 + 50 * 12 and alarm.healthy < 500 + 50 * 6
    assert "45%" in alarm_words.seen(alarm) and "95%" in alarm_words.seen(alarm)
    assert names([BEGUN, *rows, *looks(SWINGS + 3, 1500)]) == []


@pytest.mark.parametrize(
    "values, number",
    [
        ([0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.9], 1),  # a way in one direction, however long
        ([0.5, 0.9, 0.5, 0.9], 3),
        ([0.5, 0.6, 0.5, 0.6, 0.5, 0.6], 0),
        ([0.9, 0.8, 0.7, 0.85, 0.95, 0.6], 3),
        ([], 0),
    ],
)
def test_swings_are_turns_and_not_noise(values, number) -> None:
    assert swings(values, 0.2) == number


def test_a_small_batch_may_swing_further() -> None:
    def game(batch: int) -> list[dict[str, Any]]:
        return [
            row | {"images": row["step"] * batch, "d_accuracy": (0.6, 0.9)[i // 3 % 2]}
            for i, row in enumerate(looks(60, 200))
        ]

    assert names(game(64)) == ["swings"] and names(game(16)) == []


def test_what_d_says_of_few_held_out_pictures_is_averaged() -> None:
    odd = [
        row | {"images": row["step"] * 8, "held_gap": (1.2, -0.3, -0.3)[i // 4 % 3]} for i, row in enumerate(looks(90))
    ]
    assert names(odd) == []
    assert names([row | {"held_gap": 0.9} for row in odd]) == ["held_out"]


def test_nan_speaks_at_once_and_a_resume_forgets_it() -> None:
    event = {"step": 1002, "event": "diverged"}
    (alarm,) = watch([BEGUN, *looks(20), event])
    assert (alarm.name, alarm.since, alarm.raised, alarm.healthy) == ("nan", 1002, 1002, 1000)
    assert alarm_words.seen(alarm)
    assert names([BEGUN, *looks(20), event, *looks(3, 1050)]) == []


def test_copies_speak_before_the_first_step() -> None:
    (alarm,) = watch([BEGUN | {"different": 10}])
    assert (alarm.name, alarm.since) == ("copies", 0) and "only 10 differ" in alarm_words.seen(alarm)
    assert names([BEGUN | {"different": 2600}]) == []


def judged(step: int, *missing: str, share: float = 0.02) -> dict[str, Any]:
    """A row of quality.jsonl in which some classes are rare."""
    names = ["Bag", "Coat", "<b>", *missing]
    shares = [share if name in missing else 0.15 for name in names]
    return {
        "step": step,
        "images": 64 * step,
        "class_names": names,
        "shares": shares,
        "real_shares": [0.1] * len(names),
    }


def test_a_class_must_be_missing_twice() -> None:
    assert names([judged(2000), judged(2400, "Sandal")]) == []
    (alarm,) = watch([judged(2000), judged(2400, "Sandal"), judged(2800, "Sandal", "Sneaker")])
    assert (alarm.name, alarm.since, alarm.raised, alarm.healthy) == ("missing", 2400, 2800, 2000)
    assert "Sandal, Sneaker" in alarm_words.seen(alarm)
    assert names([judged(2000), judged(2400, "Sandal"), judged(2800, "Sandal"), judged(3200)]) == []
    assert names([judged(2000 + 400 * i, "Sandal", share=0.035) for i in range(9)]) == []  # few, but there


def test_a_class_may_be_late() -> None:
    assert names([judged(400 * i, "Sandal") for i in range(1, 5)]) == []  # up to 102,400 pictures


def test_rows_of_quality_are_read_as_they_are_documented(tmp_path) -> None:
    path = tmp_path / "quality.jsonl"
    assert class_rows(path) == []
    rows = [
        judged(1900),
        judged(1600),
        {"step": 5},
        judged(1900, "Sandal"),
        judged(7) | {"shares": [0.1]},
        [],
        judged(8) | {"class_names": [], "shares": [], "real_shares": []},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + '{"step": 16, "mis')
    assert class_rows(path) == [judged(1600), judged(1900, "Sandal")]


def test_alarms_of_both_files_stand_in_one_order() -> None:
    both = [
        *watch([judged(2000, "Hat"), judged(2400, "Hat")]),
        *watch([BEGUN, *looks(20), *looks(9, 1050, spread=0.0)]),
    ]
    assert [alarm.name for alarm in ordered(both)] == ["collapse", "missing"]


def test_old_runs_without_these_figures_are_watched_by_their_losses() -> None:
    old = ("d_loss", "g_loss", "d_real", "d_fake", "d_accuracy")
    rows = [{"step": 5 * i} | {name: HEALTHY[name] for name in old} for i in range(1, 400)]
    assert names(rows) == []
    lost = [row | {"step": row["step"] + 2000, "d_accuracy": 1.0, "g_loss": 12.0} for row in rows]
    (alarm,) = watch([*rows, *lost])
    assert alarm.name == "d_wins" and alarm.healthy <= 2005 < alarm.since <= 2000 + 2 * LOOK_EVERY


FIGURES = st.fixed_dictionaries(
    {name: st.sampled_from([value, 0.0, 1.0, -1.0, 30 * value, 1e9]) for name, value in HEALTHY.items()}
)
ROWS = st.lists(
    st.one_of(
        FIGURES,
        FIGURES.map(lambda row: {name: row[name] for name in ("d_loss", "g_loss", "d_accuracy")}),
        st.sampled_from([{"event": "diverged"}, {"event": "change", "lr_g": 1e-4}, {"event": "memory"}, BEGUN, {}]),
        st.lists(st.sampled_from(["Hat", "Sandal", "{"]), max_size=2, unique=True).map(
            lambda names: judged(4000, *names)
        ),
    ),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(rows=ROWS, cut=st.integers(0, 60))
def test_any_rows_in_any_pieces_give_the_same_alarms_in_words(rows, cut) -> None:
    rows = [row | {"step": 50 * (i + 1)} for i, row in enumerate(rows)]
    whole, pieces = Watcher(), Watcher()
    whole.feed(rows)
    pieces.feed(rows[:cut])
    pieces.feed(rows[cut:])
    assert whole.alarms() == pieces.alarms() and whole.raisings == pieces.raisings
    for alarm in whole.raisings:
        assert alarm.healthy < alarm.since <= alarm.raised
        assert alarm_words.seen(alarm)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("name", [sign.name for sign in SIGNS])
def test_every_remedy_is_a_setting_that_a_fork_may_change(name, preset) -> None:
    from dcgan.runs.fork import refuse_fixed

    config = PRESETS[preset].config
    values = alarm_words.remedy(name, config, config)
    refuse_fixed(config, config.replace(**values))
    assert bool(values) == (name != "copies") and all(getattr(config, key) != value for key, value in values.items())


def test_what_was_changed_since_is_undone_by_going_back() -> None:
    saved = Config()
    assert alarm_words.remedy("rate", saved, saved.replace(lr_g=0.02)) == {}
    assert alarm_words.remedy("rate", saved, saved) == {"lr_g": 2e-5, "lr_d": 2e-5}
    assert alarm_words.remedy("d_wins", saved.replace(lr_g=1e-6), saved.replace(lr_g=1e-6)) == {"lr_g": 2e-4}
    assert alarm_words.remedy("held_out", saved, saved) == {"augment": "on"}
    assert alarm_words.remedy("held_out", saved.replace(augment="on"), saved) == {"lr_d": 1e-4}
    assert live_settings.spelled({"lr_g": 2e-5, "augment": "on"}) == "lr_g 2e-05, augment on"


def test_every_sign_has_its_words() -> None:
    assert [sign.name for sign in SIGNS] == list(alarm_words.TELLS) == list(alarm_words.HELP)


@pytest.mark.parametrize("name", ["runaway", "d_wins"])
def test_losses_of_scores_may_have_any_size(name) -> None:
    begun, fault = BEGUN | {"scores": 1}, {"g_loss": 120.0, "d_accuracy": 0.999}
    rows = [*looks(20), *looks(9, 1050, **fault)]
    assert name in names([BEGUN, *rows]) and names([begun, *rows]) == []
    assert names([begun, *looks(20), *looks(9, 1050, spread=0.01)]) == ["collapse"], "what looks at pictures goes on"
    kept = Watcher()
    kept.feed([begun, *looks(3)])
    again = Watcher.from_facts(json.loads(json.dumps(kept.facts())))
    again.feed(rows)
    assert again.alarms() == []
