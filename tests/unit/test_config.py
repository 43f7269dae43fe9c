"""`.meta/config.yaml`, contract section 6: what is written is read, flat and by PyYAML; what is wrong is named."""

import os

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from wt.errors import ConfigError
from wt.model import Config
from wt.pool import config

GOOD = "schema_version: 1\npool_id: 00ff\nsource: /src/app\nbase: main\nmax_slots: 4\n"
PATHS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20).map(lambda text: f"/{text}")
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), min_size=1, max_size=12)
CONFIGS = st.builds(
    Config,
    pool_id=st.one_of(
        st.text("0123456789abcdef", min_size=16, max_size=16), st.text("0123456789", min_size=1, max_size=16)
    ),
    source=PATHS,
    base=st.one_of(
        st.sampled_from(["main", "1.0", "0x10", "true", "NO", "~", "12", "010", "1_0", "+1", "1e3"]), WORDS
    ),
    max_slots=st.integers(1, 10**6),
    default_commit=st.one_of(st.just("auto"), WORDS),
    groups=st.sampled_from([(), ("ios",), ("ios", "android")]),
    layout=st.sampled_from(["rename", "stable"]),
    recycle=st.sampled_from(["keep", "clean"]),
    keep=st.sampled_from(["90d", "forever", "1d"]),
)


def load(tmp_path, text, warn=None):
    path = tmp_path / "config.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"))
    return config.load(str(path), warn)


@settings(deadline=None)
@given(CONFIGS)
def test_what_is_written_is_read(tmp_path_factory, value):
    assert load(tmp_path_factory.getbasetemp(), config.render(value)) == value


@settings(deadline=None)
@given(CONFIGS)
def test_what_is_written_is_yaml_of_the_same_values(value):
    found = yaml.safe_load(config.render(value))
    assert found.pop("schema_version") == 1
    assert found.pop("groups", "") == ",".join(value.groups)
    expected = {name: getattr(value, name) for name in found}
    assert found == expected


VALUES = st.text("abexlnu0123456789_./-+~ TN", min_size=1, max_size=8)


@settings(max_examples=500)
@given(
    st.one_of(
        VALUES,
        st.sampled_from(
            ["true ", " no", "0x1f", "0b1", "017", "1_0", "1.5", ".5", "-1", "+1", "null ", "Off"]
        ),
    )
)
def test_the_flat_reader_says_what_yaml_says_or_nothing(value):
    text = f"base: {value}\n"
    flat = config._read_flat(text)
    assume(flat is not None)
    assert flat == yaml.safe_load(text)


PIECES = [
    "a: b",
    "c: 1",
    "# d",
    "#\r",
    "\n",
    "\n",
    "\n",
    "\r\n",
    " ",
    ": ",
    "e:",
    '"',
    "'",
    "- ",
    "[",
    "~: x",
    "null: x",
    "\t",
    "%",
    "---",
]


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_the_flat_reader_leaves_all_else_to_yaml(text):
    flat = config._read_flat(text)
    assume(flat)
    assert flat == yaml.safe_load(text)


def test_an_ordinary_config_needs_no_yaml():
    value = Config(
        pool_id="00ff00ff00ff0010", source="/src/a b", base="1.0", max_slots=16, groups=("ios", "android")
    )
    assert config._read_flat(config.render(value)) is not None


def test_the_example_of_the_contract_is_read(tmp_path):
    text = (
        "schema_version: 1\npool_id: abcd\nsource: ~/Develop/myapp                   # ~ is expanded\ndefault_commit: auto\n"
        "base: main\nmax_slots: 16                             # per group\ngroups: [ios, android]\nlayout: rename\n"
        "recycle: keep\nkeep: 90d\nsubmodule_mirror_mode: git-modules        # or\nsubmodule_mirror_base: ~/Develop/myapp\n"
    )
    found = load(tmp_path, text)
    assert found.source == os.path.expanduser("~/Develop/myapp")
    assert found.groups == ("ios", "android")
    assert (found.max_slots, found.keep) == (16, "90d")


@pytest.mark.parametrize(
    "text", [f"\ufeff{GOOD}", GOOD.replace("\n", "\r\n"), f"\ufeff{GOOD}".replace("\n", "\r\n")]
)
def test_bom_and_crlf_are_read(tmp_path, text):
    assert load(tmp_path, text) == load(tmp_path, GOOD)
    assert load(tmp_path, text + "groups: [a, b]\n").groups == ("a", "b")


@pytest.mark.parametrize(
    "text", ["groups: a,b\n", "groups: a, b\n", "groups: [a, b]\n", "groups:\n- a\n- b\n"]
)
def test_groups_are_a_list_or_a_comma_joined_word(tmp_path, text):
    assert load(tmp_path, GOOD + text).groups == ("a", "b")


def test_an_unknown_key_is_a_warning_with_the_nearest_known_one(tmp_path):
    said: list[str] = []
    load(tmp_path, GOOD + "recyle: keep\n", said.append)
    assert len(said) == 1
    assert "recyle" in said[0]
    assert "recycle" in said[0]


def changed(key, value):
    lines = [line for line in GOOD.splitlines() if not line.startswith(f"{key}:")]
    return "\n".join([*lines, f"{key}: {value}", ""])


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        (changed("schema_version", "2"), "schema_version", "2"),
        (changed("schema_version", "one"), "schema_version", "one"),
        (changed("schema_version", "true"), "schema_version", "True"),
        (changed("max_slots", "0"), "max_slots", "0"),
        (changed("max_slots", "-3"), "max_slots", "-3"),
        (changed("max_slots", "many"), "max_slots", "many"),
        (changed("max_slots", "true"), "max_slots", "True"),
        (changed("max_slots", "2.5"), "max_slots", "2.5"),
        (changed("max_slots", "[1]"), "max_slots", "1"),
        (changed("layout", "moving"), "layout", "moving"),
        (changed("layout", "[rename]"), "layout", "rename"),
        (changed("recycle", "burn"), "recycle", "burn"),
        (changed("submodule_mirror_mode", "mirror"), "submodule_mirror_mode", "mirror"),
        (changed("submodule_mirror_mode", "bare-mirror"), "submodule_mirror", "bare-mirror"),
        (changed("submodule_mirror_base", "/x"), "submodule_mirror", "/x"),
        (changed("keep", "soon"), "keep", "soon"),
        (changed("keep", "-1d"), "keep", "-1d"),
        (changed("base", "[main]"), "base", "main"),
        (changed("base", "{a: b}"), "base", "a"),
        (changed("base", "''"), "base", ""),
        (changed("source", "[x]"), "source", "x"),
        (changed("source", "../elsewhere"), "source", "../elsewhere"),
        (
            changed("submodule_mirror_mode", "git-modules") + "submodule_mirror_base: here\n",
            "submodule_mirror_base",
            "here",
        ),
        (changed("groups", "{a: b}"), "groups", "a"),
        (changed("groups", "[1, 2]"), "groups", "1"),
        (changed("groups", "[slot]"), "groups", "slot"),
        (changed("groups", "[ios, IOS]"), "groups", "IOS"),
    ],
)
def test_a_refusal_names_file_key_and_value(tmp_path, text, key, value):
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert str(tmp_path / "config.yaml") in caught.value.sentence
    assert key in caught.value.sentence
    assert value in caught.value.sentence
    assert caught.value.hints


@pytest.mark.parametrize("key", ["schema_version", "pool_id", "source", "base", "max_slots"])
def test_a_missing_key_is_named(tmp_path, key):
    text = "".join(line for line in GOOD.splitlines(keepends=True) if not line.startswith(key))
    with pytest.raises(ConfigError, match=key):
        load(tmp_path, text)


LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{c}: &{c} [*{p}, *{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n# nothing\n",
        "just words",
        "- a\n- b\n",
        GOOD[:40],
        GOOD + "source: /other\n",
        GOOD + "base: [unclosed\n",
        GOOD + 'base: "unclosed\n',
        GOOD + "keep: !!python/object/apply:os.system ['touch pwned']\n",
        GOOD + "keep: !!str 1d\n",
        GOOD + LAUGHS,
        "? [a]\n: b\n" + GOOD,
        GOOD + "\tx: y\n",
        GOOD.encode() + b"keep: \xff\xfe\n",
        GOOD.encode() + b"\0\0\0",
        "[" * 5000,
    ],
    ids=lambda text: ascii(text)[-40:],
)
def test_a_file_that_is_no_config_is_refused_by_name(tmp_path, monkeypatch, text):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert str(tmp_path / "config.yaml") in caught.value.sentence
    assert os.listdir(tmp_path) in (["config.yaml", "home"], ["home", "config.yaml"])


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "absent", tmp_path, tmp_path / "fifo"):
        with pytest.raises(ConfigError):
            config.load(str(path))
