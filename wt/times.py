"""Moments and ages: RFC 3339 in UTC on disk, words for people."""

from __future__ import annotations

import os
import time


def now_text() -> str:
    """The moment as `2026-05-05T03:34:56Z`."""
    return as_text(time.time())


def started(text: str, fallback: str) -> float:
    """Seconds since the epoch of a lock's `started_at`; the mtime of the file `fallback` if it can't be parsed."""
    moment = parse(text)
    if moment is not None:
        return moment
    try:
        return os.stat(fallback).st_mtime
    except OSError:
        return time.time()


def parse(text: str) -> float | None:
    """Seconds since the epoch of an RFC 3339 moment in UTC, None where it is none.

    Without `calendar` and `strptime`, which import locale tables that a list does not need.
    """
    if len(text) != 20 or text[4] + text[7] + text[10] + text[13] + text[16] + text[19] != "--T::Z":
        return None
    parts = (text[0:4], text[5:7], text[8:10], text[11:13], text[14:16], text[17:19])
    if not all(part.isascii() and part.isdigit() for part in parts):
        return None
    year, month, day, hour, minute, second = (int(part) for part in parts)
    if not (1 <= month <= 12 and 1 <= day <= 31 and hour < 24 and minute < 60 and second < 61):
        return None
    return float(_days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second)


def _days(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 (H. Hinnant, 'chrono-Compatible Low-Level Date Algorithms', days_from_civil)."""
    year -= month <= 2
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def compact(text: str) -> str:
    """`2026-05-05T03:34:56Z` as a ref may hold it: `20260505T033456Z`."""
    return text.replace("-", "").replace(":", "")


def expanded(text: str) -> str:
    """The inverse of `compact`, for what may be one; anything else comes out as something that `parse` refuses."""
    if len(text) != 16:
        return ""
    return f"{text[0:4]}-{text[4:6]}-{text[6:11]}:{text[11:13]}:{text[13:]}"


def as_text(seconds: float) -> str:
    """A moment since the epoch as `2026-05-05T03:34:56Z`."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def in_words(seconds: float) -> str:
    """An age in the one or two units that matter: `now`, `4 min`, `2 h 5 min`, `3 d`."""
    minutes = int(max(0, seconds)) // 60
    if minutes < 1:
        return "now"
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes and hours < 6 else f"{hours} h"
    return f"{hours // 24} d"
