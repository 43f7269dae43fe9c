"""Contract section 5: what may be called what, and that git agrees."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import hostile
from wt.errors import UsageError
from wt.model import Config
from wt.pool import lock, names

CONFIG = Config(pool_id="0", source="/s", base="main", max_slots=2)
GROUPED = Config(pool_id="0", source="/s", base="main", max_slots=2, groups=("ios", "android"))


def is_accepted(name, config=CONFIG):
    try:
        names.check_name(name, config)
    except UsageError:
        return False
    return True


def git_accepts(name):
    done = subprocess.run(["git", "check-ref-format", "--branch", name], capture_output=True)
    return done.returncode == 0 and done.stdout.decode() == f"{name}\n"


@pytest.mark.parametrize("name", hostile.NAMES, ids=ascii)
def test_hostile_name_is_a_usage_error(name):
    with pytest.raises(UsageError) as caught:
        names.check_name(name, CONFIG)
    assert caught.value.code == 2
    assert "\n" not in caught.value.sentence.replace(name, "")
    assert caught.value.hints


@pytest.mark.parametrize("name", hostile.GROUPED)
def test_slot_ids_of_the_groups_are_reserved(name):
    assert not is_accepted(name, GROUPED)
    assert is_accepted(name)


@pytest.mark.parametrize("name", hostile.GOOD)
def test_ordinary_name_is_accepted_and_git_agrees(name):
    assert is_accepted(name)
    assert git_accepts(name)


SPICE = st.sampled_from(
    [*"._-/+@=,~^:?*[\\{}$ \t", ".lock", "..", "//", "@{", "HEAD", "é", "e\u0301", "\u200b", "ß"]
)
LETTERS = st.characters(min_codepoint=1, max_codepoint=0x2FFF)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.one_of(SPICE, LETTERS, st.sampled_from("abcXYZ019")), min_size=1, max_size=12).map("".join)
)
def test_whatever_is_accepted_is_a_branch_name_to_git_and_a_plain_directory(name):
    if not is_accepted(name):
        return
    assert git_accepts(name)
    directory = names.slug(name)
    assert "/" not in directory
    assert not directory.startswith((".", "-", names.BIRTH_PREFIX))
    assert len(directory.encode()) <= 255
    assert lock.is_safe_name(name)
    assert names.parse_slot_id(directory, ()) is None


@pytest.mark.parametrize(
    ("one", "other"), [("Feature", "feature"), ("\u00e9", "e\u0301"), ("STRASSE", "straße")]
)
def test_names_that_a_file_system_may_confuse_fold_to_one(one, other):
    assert names.fold(one) == names.fold(other)


@pytest.mark.parametrize(
    "key", ["", "a/b", "../x", ".meta", "-x", "a b", "x.lock", "$(id)", "a\x1bb", "x" * 201]
)
def test_hostile_pool_key_is_a_usage_error(key):
    with pytest.raises(UsageError):
        names.check_key(key)


@pytest.mark.parametrize("key", ["HEAD", "1234", "f" * 40, "slot-1"])
def test_pool_keys_follow_the_rules_of_names(key):
    with pytest.raises(UsageError):
        names.check_key(key)


@pytest.mark.parametrize(
    "groups", [("slot",), ("Slot",), ("a-1",), ("a", "A"), ("a/b",), ("-a",), ("a", "b", "a"), ("7",)]
)
def test_hostile_group_is_a_usage_error(groups):
    with pytest.raises(UsageError):
        names.check_groups(groups)


def test_slot_ids_parse_back():
    assert names.parse_slot_id(names.slot_id(None, 12), ()) == (None, 12)
    assert names.parse_slot_id(names.slot_id("ios", 0), ("ios",)) == ("ios", 0)
    assert names.parse_slot_id("ios-0", ()) is None
    assert names.parse_slot_id("slot-x", ()) is None
    assert names.parse_slot_id("slot-", ()) is None
