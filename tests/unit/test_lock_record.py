"""The held marker, contract section 2: line-oriented YAML that fails closed."""

import os

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from wt.model import LockRecord
from wt.pool import lock

SHA = "0123456789abcdef" * 2 + "01234567"
WORDS = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters="\x85"), min_size=1, max_size=20
)
BRANCHES = WORDS.filter(lambda word: lock.is_safe_name(word) and "\\" not in word)
RECORDS = st.builds(
    LockRecord,
    started_at=st.just("2026-05-05T03:34:56Z"),
    full_sha=st.sampled_from([SHA, "f" * 64, "1" * 40]),
    name=BRANCHES,
    slot=st.sampled_from(["slot-0", "ios-12"]),
    layout=st.sampled_from(["rename", "stable"]),
    group=st.sampled_from([None, "ios"]),
    state=st.sampled_from(["acquiring", "held", "releasing"]),
    branch=st.sampled_from(["none", "created", "adopted"]),
    pid=st.integers(0, 2**22),
    host=WORDS,
    nonce=st.sampled_from(["", "00ff00ff00ff00ff"]),
)


@given(RECORDS)
def test_what_is_written_is_read(record):
    assert lock.parse(lock.render(record)) == record


@given(RECORDS)
def test_what_is_written_is_yaml_of_the_same_strings(record):
    text = lock.render(record)
    assert yaml.load(text, Loader=yaml.BaseLoader) == lock.fields(text)
    assert text.endswith("\n")
    assert all(": " in line for line in text.splitlines())


@pytest.mark.parametrize(
    "name",
    [
        "-x",
        "!important",
        "&a",
        "*b",
        "%TAG",
        "#1",
        "a:",
        "'q'",
        '"q"',
        "@x",
        "`id`",
        "{a}",
        "[b]",
        "x\u2028y",
        "|",
        ">",
    ],
)
def test_a_branch_that_exists_may_be_called_what_yaml_would_trip_over(name):
    record = LockRecord("2026-05-05T03:34:56Z", SHA, name, "slot-0", "rename")
    text = lock.render(record)
    assert lock.parse(text) == record
    assert yaml.load(text, Loader=yaml.BaseLoader)["name"] == name


@pytest.mark.parametrize(
    "value", ["/a b", "/a\nb", "/a\tb", "/a\\nb", '/"a"', "/a ", " a", "a\r", "/\x01\x7f", "a\\", "", "a: b"]
)
def test_a_scalar_is_one_line_whatever_it_holds_and_yaml(value):
    line = f"key: {lock.scalar(value)}\n"
    assert line.count("\n") == 1
    assert lock.fields(line) == {"key": value}
    assert yaml.load(line, Loader=yaml.BaseLoader)["key"] == value


@pytest.mark.parametrize("text", ['"\\', '"\\x"', '"\\xg0"', '"a\\"'])
def test_a_scalar_that_is_no_yaml_is_read_without_harm(text):
    assert isinstance(lock.fields(f"key: {text}\n")["key"], str)


def test_a_reader_tolerates_what_the_contract_says():
    text = (
        "\ufeff# a comment\r\n\r\nstarted_at: 2026-05-05T03:34:56Z\r\nfull_sha: " + SHA + "\r\n"
        "name: feature/x\r\nslot: slot-0\r\nlayout: stable\r\ntomorrow: whatever\r\n"
    )
    record = lock.parse(text)
    assert record == LockRecord("2026-05-05T03:34:56Z", SHA, "feature/x", "slot-0", "stable")
    assert record.state == "held"


GOOD = f"started_at: 2026-05-05T03:34:56Z\nfull_sha: {SHA}\nname: x\nslot: slot-0\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\0" * 100,
        "garbage",
        GOOD.replace("started_at", "began"),
        GOOD.replace(SHA, ""),
        GOOD.replace("name: x", "name: ../../x"),
        GOOD.replace("name: x", "name: /etc/x"),
        GOOD.replace("name: x", "name: a//b"),
        GOOD.replace("slot: slot-0", "slot: ../slot-0"),
        GOOD.replace("slot: slot-0", "slot: a/b"),
        GOOD.replace("name: x\n", ""),
        GOOD + "state: whatever\n",
        GOOD[: GOOD.index(SHA)],
    ],
    ids=ascii,
)
def test_what_cannot_be_understood_is_no_record(text):
    assert lock.parse(text) is None


@pytest.mark.parametrize(
    "make", ["text", "link", "directory", "fifo", "megabyte", "a record before x", "a record before é"]
)
def test_an_unreadable_lock_is_a_lock(tmp_path, make):
    admin = str(tmp_path)
    os.mkdir(f"{admin}/worktree-pool")
    path = lock.path_of(admin)
    outside = tmp_path / "outside"
    outside.write_text(GOOD)
    if make == "text":
        (tmp_path / "worktree-pool" / "lock").write_bytes(b"\xff\xfe\0")
    elif make == "link":
        os.symlink(outside, path)
    elif make == "directory":
        os.mkdir(path)
    elif make == "fifo":
        os.mkfifo(path)
    else:
        text = GOOD if "record" in make else ""
        (tmp_path / "worktree-pool" / "lock").write_text(
            text + ("é" if make.endswith("é") else "x") * (1 << 20)
        )
    assert lock.exists(admin)
    assert lock.read(admin) is None
    assert outside.read_text() == GOOD


def test_no_lock_is_no_lock(tmp_path):
    assert not lock.exists(str(tmp_path))
    assert lock.read(str(tmp_path)) is None


def test_a_lock_is_written_whole_and_leaves_no_temp_file(tmp_path):
    record = LockRecord("2026-05-05T03:34:56Z", SHA, "x", "slot-0", "rename")
    lock.write(str(tmp_path), record)
    assert lock.read(str(tmp_path)) == record
    assert os.listdir(tmp_path / "worktree-pool") == ["lock"]
    lock.remove(str(tmp_path))
    assert os.listdir(tmp_path / "worktree-pool") == []
