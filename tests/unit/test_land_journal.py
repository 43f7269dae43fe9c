"""The journals of land: what is written is what is read, whatever the paths and words are called."""

import os

import pytest

from wt.session.land import move
from wt.session.land.move import Move

A, B, C = "a" * 40, "b" * 40, "c" * 40


@pytest.mark.parametrize(
    "path", ["/plain", "/a b", "/a\nto: x", "/a\tb", "/\\n", '/"quoted"', "/ends in a blank ", "/\udce4"]
)
@pytest.mark.parametrize("then", ["", C])
def test_a_journal_holds_any_path(tmp_path, path, then):
    written = Move("feature/x", A, B, path, then)
    move.write(f"{tmp_path}/journal", written)
    assert move.read(f"{tmp_path}/journal") == written
    assert not [name for name in os.listdir(tmp_path) if "tmp" in name]


@pytest.mark.parametrize("text", ["", "garbage", f"base: main\nfrom: {A}\n", f"from: {A}\nto: {B}\n"])
def test_what_is_no_journal_is_none(tmp_path, text):
    (tmp_path / "journal").write_text(text)
    assert move.read(f"{tmp_path}/journal") is None
