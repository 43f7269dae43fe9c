"""Moments and ages."""

import datetime as dt
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wt import times

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MOMENTS = st.integers(-62135596800, 253402300799).map(lambda seconds: EPOCH + dt.timedelta(seconds=seconds))


@given(MOMENTS)
def test_a_moment_is_what_the_calendar_says(moment):
    text = moment.strftime("%Y").zfill(4) + moment.strftime("-%m-%dT%H:%M:%SZ")
    assert times.parse(text) == moment.replace(microsecond=0).timestamp()


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-05-05", "2026-05-05T03:34:56", "2026-05-05 03:34:56Z", "2026-13-05T03:34:56Z",
     "2026-00-05T03:34:56Z", "2026-05-32T03:34:56Z", "2026-05-05T24:34:56Z", "2026-05-05T03:61:56Z",
     "2026-05-05T03:34:56+02:00", "٢٠٢٦-05-05T03:34:56Z", "-026-05-05T03:34:56Z"],
)  # fmt: skip
def test_what_is_no_moment_is_none(text):
    assert times.parse(text) is None


def test_now_parses_and_compacts():
    text = times.now_text()
    assert times.parse(text) is not None
    assert times.compact("2026-05-05T03:34:56Z") == "20260505T033456Z"


def test_the_files_age_counts_where_the_text_is_none(tmp_path):
    path = tmp_path / "lock"
    path.write_text("")
    os.utime(path, (1000, 1000))
    assert times.started("garbage", str(path)) == 1000
    assert times.started("1970-01-01T00:00:07Z", str(path)) == 7


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "now"), (0, "now"), (59, "now"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (7500, "2 h 5 min"),
     (6 * 3600 + 300, "6 h"), (86399, "23 h"), (86400, "1 d"), (10 * 86400, "10 d")],
)  # fmt: skip
def test_an_age_in_words(seconds, words):
    assert times.in_words(seconds) == words
