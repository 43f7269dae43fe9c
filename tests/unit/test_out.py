"""What reaches a terminal: escaped, masked, painted where it is wanted."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wt.errors import GitError, WtError
from wt.ui import out

ANY = st.text(st.characters(), max_size=40)


@given(ANY)
def test_nothing_escaped_can_steer_a_terminal(text):
    shown = out.escaped(text)
    assert all(c == "\n" or c.isprintable() for c in shown)
    shown.encode("utf-8")
    assert out.escaped(shown) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain größe 機能 🟢", "plain größe 機能 🟢"),
        ("\x1b]0;t\a", "\\x1b]0;t\\x07"),
        ("a\rb", "a\\x0db"),
        ("a\x9bb", "a\\x9bb"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u200bb", "a\\u200bb"),
        ("a\U000e0001b", "a\\U000e0001b"),
        ("two\nlines", "two\nlines"),
        (os.fsdecode(b"\xff"), "\\xff"),
        ("tab\there", "tab\\x09here"),
    ],
)
def test_what_is_shown(text, shown):
    assert out.escaped(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("fatal: https://user:tok@host/x.git not found", "fatal: https://***@host/x.git not found"),
        ("https://tok@a/x and ssh://u@b/y", "https://***@a/x and ssh://***@b/y"),
        ("https://host/@scope/x", "https://host/@scope/x"),
        ("'https://tok@host'", "'https://***@host'"),
        ("https://a:p@ss@host/x", "https://***@host/x"),
        ("https://host\nmail a@b", "https://host\nmail a@b"),
        ("https://host\tmail a@b", "https://host\tmail a@b"),
        ("user@host:path", "user@host:path"),
        ("no url", "no url"),
    ],
)
def test_credentials_are_masked(text, shown):
    assert out.masked(text) == shown


@pytest.mark.parametrize(
    ("when", "env", "terminal", "wanted"),
    [
        ("auto", {}, False, False),
        ("auto", {"TERM": "xterm"}, True, True),
        ("auto", {"TERM": "xterm"}, False, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {}, True, False),
        ("auto", {"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ("auto", {"TERM": "xterm", "NO_COLOR": ""}, True, True),
        ("auto", {"CLICOLOR_FORCE": "1"}, False, True),
        ("auto", {"CLICOLOR_FORCE": "0"}, False, False),
        ("auto", {"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"CLICOLOR_FORCE": "1"}, True, False),
    ],
)
def test_colour_follows_option_environment_and_stream(when, env, terminal, wanted):
    assert out.wants_colour(when, env, terminal=terminal) is wanted


@pytest.mark.parametrize(
    ("env", "mark"),
    [
        ({"LANG": "de_DE.UTF-8"}, "🟢"),
        ({"LC_ALL": "C.utf8"}, "🟢"),
        ({"LC_ALL": "C", "LANG": "en_US.UTF-8"}, "[green]"),
        ({"LC_CTYPE": "UTF-8", "LANG": "C"}, "🟢"),
        ({"LANG": "C"}, "[green]"),
        ({}, "[green]"),
    ],
)
def test_marks_follow_the_locale(env, mark):
    assert out.Out(env).mark("green") == mark


def test_an_error_is_a_sentence_its_causes_and_hints(capfd):
    cause = GitError(["git", "merge"], "/repo", 1, "fatal: https://tok@host said\n\x1b[31mno")
    error = WtError("It was not done.", "first: x", "then: y", details="a\nb")
    error.__cause__ = cause
    out.Out({}).error(error)
    stdout, stderr = capfd.readouterr()
    assert stdout == ""
    assert stderr == (
        "error: It was not done.\n  fatal: https://***@host said\n  \\x1b[31mno\n  a\n  b\nhint: first: x\nhint: then: y\n"
    )


def test_an_error_of_gits_alone_says_what_git_said(capfd):
    out.Out({}).error(GitError(["-C", "x", "merge"], "/repo", -9, "killed\n"))
    assert capfd.readouterr().err == "error: git merge was ended by signal 9 in /repo.\n  killed\n"


def test_colours_are_escape_sequences_of_ours_alone(capfd):
    stream = out.Out({}, "always")
    stream.painted([("a\x1b[31mb", "red"), ("plain", ""), ("", "red")])
    assert capfd.readouterr().out == "\x1b[31ma\\x1b[31mb\x1b[0mplain\n"


def test_a_path_is_its_very_bytes(capfdbinary):
    out.Out({}).path(os.fsdecode(b"/a b/\xff"))
    assert capfdbinary.readouterr().out == b"/a b/\xff\n"


def test_json_is_one_compact_line(capfd):
    value = [{"a": None, "b": "größe\n", "c": "\x9b31m\u202e", "d": "\udcff"}]
    out.Out({}).json(value)
    said = capfd.readouterr().out
    assert said.isascii()
    assert said.count("\n") == 1
    assert " " not in said
    assert json.loads(said) == value
