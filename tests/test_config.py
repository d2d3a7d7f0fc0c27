"""Every setting is checked when a Config is built, and every refusal names its field."""

import dataclasses
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcgan.config import GROUPS, LIVE, SCHEMA, Config, describe, label_of, those
from dcgan.errors import BadInput

FIELDS = {field.name: field for field in dataclasses.fields(Config)}
NUMBERS = [name for name, field in FIELDS.items() if not isinstance(field.default, str)]
RANGES: dict[str, tuple] = {name: (field.metadata["low"], field.metadata["high"]) for name, field in FIELDS.items()}
ABSURD = st.one_of(
    st.sampled_from([0, -1, 10**9, 10**400, -(10**5000), math.nan, math.inf, -math.inf, 0.5, 1e-300, True, None]),
    st.sampled_from(["", "abc", "1e999", "nan", "0x10", "9" * 400, "9" * 5000, "12 34", "a\nb", "\x00", "\ud800"]),
    st.integers(),
    st.floats(),
    st.text(max_size=100),
    st.binary(max_size=4),
    st.lists(st.integers(), max_size=2),
    st.complex_numbers(),
)


@given(name=st.sampled_from(sorted(FIELDS)), value=ABSURD)
def test_any_value_is_taken_in_the_fields_type_or_refused_in_one_sentence_that_names_the_field(name, value):
    try:
        config = Config(**{name: value})
    except BadInput as error:
        sentence = str(error)
        assert sentence.startswith(f"{name} ") and sentence.endswith("."), sentence
        assert sentence.isprintable() and len(sentence) < 250
    else:
        taken, field = getattr(config, name), FIELDS[name]
        low, high = RANGES[name]
        assert low is None or low <= taken <= (high or math.inf)
        assert not field.metadata["choices"] or taken in field.metadata["choices"]
        assert type(taken) is type(field.default)
        assert Config.from_json(config.to_json()) == config


@pytest.mark.parametrize("name", sorted(FIELDS))
@pytest.mark.parametrize("value", [None, True, [], {}, b"1", 1j])
def test_values_of_no_known_type_are_refused(name, value):
    with pytest.raises(BadInput, match=f"^{name} must be (text|a number|a whole number), not "):
        Config(**{name: value})


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["abc", "", math.nan, math.inf, "nan", 10**400, "9" * 400])
def test_what_is_no_finite_number_is_refused(name, value):
    with pytest.raises(BadInput, match=rf"^{name} (must be|is) "):
        Config(**{name: value})


@pytest.mark.parametrize("name", [name for name in NUMBERS if RANGES[name][1] is not None])
def test_both_ends_of_a_range_are_in_and_what_lies_beyond_is_out(name):
    low, high = RANGES[name]
    assert getattr(Config(**{name: low}), name) == low
    assert getattr(Config(**{name: high}), name) == high
    with pytest.raises(BadInput, match=f"^{name} must be at least {low}, not "):
        Config(**{name: low - 1})
    with pytest.raises(BadInput, match=f"^{name} must be at most {high}, not "):
        Config(**{name: high + 1})


@pytest.mark.parametrize(
    ("name", "value"),
    [("image_size", 48), ("image_size", 0), ("channels", 2), ("z_prior", "cauchy"), ("device", "tpu")],
)
def test_a_choice_outside_the_list_names_the_list(name, value):
    listed = ", ".join(map(str, FIELDS[name].metadata["choices"]))
    with pytest.raises(BadInput, match=f"^{name} must be one of {listed}, not {value!r}.$"):
        Config(**{name: value})


def test_text_as_typed_becomes_the_fields_type():
    config = Config().replace(batch_size="32", lr_g="1e-4", image_size="32", data=7)
    assert (config.batch_size, config.lr_g, config.image_size, config.data) == (32, 1e-4, 32, "7")
    assert type(Config(lr_g=1).lr_g) is float and type(Config().replace(batch_size=32.0).batch_size) is int
    with pytest.raises(BadInput, match="^batch_size must be a whole number, not 32.5.$"):
        Config().replace(batch_size=32.5)


def test_a_whole_number_keeps_every_digit():
    assert Config(seed=2**32 - 1).seed == 2**32 - 1
    assert Config().replace(seed=str(2**32 - 1)).seed == 2**32 - 1


TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@given(
    st.builds(
        Config,
        preset=TEXTS,
        data=TEXTS,
        image_size=st.sampled_from([16, 28, 32, 64, 128]),
        lr_g=st.floats(1e-9, 1),
        num_minutes=st.floats(0, 1e6),
        seed=st.integers(0, 2**32 - 1),
    )
)
def test_json_gives_back_the_same_config(config):
    assert Config.from_json(config.to_json()) == config


def test_json_holds_every_field_under_its_name():
    assert json.loads(Config().to_json()) == dataclasses.asdict(Config())


NO_CONFIG = ["", "{", "[1]", "7", "null", '"x"', "NaN", "[" * 100_000, '{"seed": 1' + "0" * 5000 + "}"]


@pytest.mark.parametrize("text", NO_CONFIG, ids=lambda text: text[:12])
def test_what_is_no_config_is_refused(text):
    with pytest.raises(BadInput, match="^config.json "):
        Config.from_json(text)


@pytest.mark.parametrize("name", ["self", "a\nb", "x" * 500])
def test_an_unknown_field_is_named_on_one_short_line(name):
    for build in (lambda: Config().replace(**{name: 1}), lambda: Config.from_json(json.dumps({name: 1}))):
        with pytest.raises(BadInput, match="is not a setting, nor like one: the config.json of any run") as caught:
            build()
        assert repr(name)[:50] in str(caught.value) and "\n" not in str(caught.value) and len(str(caught.value)) < 200
        assert "Advanced" in caught.value.on_page


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [
        *(("batchsize", "batch_size"), ("Batch-Size", "batch_size"), ("lrg", "lr_g"), ("optimiser", "optimizer")),
        *(
            ("beta_1", "beta1"),
            ("learning_rate", "lr_g or lr_d or lr_decay"),
            ("momentum", "beta1"),
            ("los", "loss"),
            ("cls", "classes"),
        ),
    ],
)
def test_a_mistyped_setting_is_answered_with_the_nearest(typed, nearest):
    with pytest.raises(BadInput, match=f"^'{typed}' is not a setting; the nearest is {nearest}\\.$"):
        Config().replace(**{typed: 1})


def test_a_newer_format_asks_for_an_update_whatever_else_is_in_it():
    newer = json.loads(Config().to_json()) | {"schema": SCHEMA + 1, "invented_later": 3}
    with pytest.raises(BadInput, match=f"^schema is {SCHEMA + 1}, .* update DCGAN Studio"):
        Config.from_json(json.dumps(newer))
    with pytest.raises(BadInput, match="^schema is .* update DCGAN Studio"):
        Config(schema=SCHEMA + 1)


def test_a_config_can_not_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().seed = 1  # type: ignore[misc]


def test_every_setting_says_what_it_means():
    for name in FIELDS:
        assert describe(name).endswith("."), name


OLD = """{"preset": "quick", "data": "fashion-mnist", "image_size": 32, "channels": 1, "z_dim": 64, "z_prior": "normal",
"ngf": 32, "ndf": 32, "batch_size": 64, "lr_g": 0.0004, "lr_d": 0.0004, "beta1": 0.5, "beta2": 0.999,
"ema_half_life_images": 20000, "num_steps": 12000, "num_minutes": 0.0, "log_every": 5, "sample_every": 100,
"num_samples": 64, "max_samples": 400, "max_snapshots": 40, "checkpoint_seconds": 20.0, "seed": 0, "device": "auto",
"num_threads": 0, "data_fingerprint": "", "schema": 1}"""


def test_settings_saved_before_there_were_other_networks_still_load():
    from dcgan.presets import preset_config

    then = {"lr_g": 4e-4, "lr_d": 4e-4, "lr_decay": 0.0, "ema_half_life_images": 20_000, "augment": "off"}
    assert Config.from_json(OLD) == preset_config("quick").replace(precision="float32", **then)  # the only precision


def test_every_setting_says_once_where_it_stands_and_when_it_may_change():
    elsewhere = {"preset", "data", "channels", "reading", "class_names", "class_counts", "data_fingerprint", "schema"}
    assert {name for names in GROUPS.values() for name in names} == set(Config.__dataclass_fields__) - elsewhere
    assert "augment" in GROUPS["The game"]  # also before the start
    assert all(label_of(name) != name for name in LIVE)
    assert not set(LIVE) - set(those(forkable=True)), "what changes while it trains may change in a fork"
