"""Results for other programs: JSON, and the XML that build servers call JUnit."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict
from xml.etree import ElementTree as ET

from wt import files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wt.parallel.records import TestResult

# What XML 1.0 cannot say at all (https://www.w3.org/TR/xml/#charsets).
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_json(results: Mapping[str, TestResult]) -> str:
    """Return results as one JSON object by id, keys as the record's."""
    return json.dumps({wanted: asdict(one) for wanted, one in results.items()}, indent=2)


def to_junit(results: Mapping[str, TestResult], suite: str = "wt") -> str:
    """Return results as JUnit XML: one `testcase` per id, with a `failure`, or an `error` where it could not be run or
    took too long; the end of the log as `system-out`.
    """
    return junit(suite, [_case(one) for one in results.values()])


def _case(one: TestResult) -> ET.Element:
    case = case_of(one.id, one.duration_s, one.tail)
    if one.timed_out:
        problem(case, "error", f"its time was up after {one.duration_s} s", one.log_path)
    elif one.returncode is None:
        problem(case, "error", "could not be started", one.log_path)
    elif one.returncode != 0:
        problem(case, "failure", f"ended with {one.returncode}", one.log_path)
    return case


def case_of(name: str, duration_s: float, output: str, classname: str = "wt") -> ET.Element:
    case = ET.Element("testcase", classname=classname, name=sayable(name), time=f"{duration_s:.3f}")
    if output:
        ET.SubElement(case, "system-out").text = sayable(output)
    return case


def problem(case: ET.Element, kind: str, message: str, log_path: str | None) -> None:
    found = ET.SubElement(case, kind, message=message, type=kind)
    found.text = sayable(f"log: {log_path}")


def junit(suite: str, cases: Iterable[ET.Element]) -> str:
    """Return a whole document of one test suite, its totals counted."""
    every = list(cases)
    totals = {
        f"{kind}s": str(sum(case.find(kind) is not None for case in every)) for kind in ("failure", "error")
    }
    seconds = sum(float(case.get("time", "0")) for case in every)
    top = ET.Element("testsuites")
    about = {"name": sayable(suite), "tests": str(len(every)), "time": f"{seconds:.3f}", **totals}
    below = ET.SubElement(top, "testsuite", about)
    below.extend(every)
    ET.indent(top)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(top, encoding="unicode")}\n'


def sayable(text: str) -> str:
    return _NOT_XML.sub("�", text)


def write(path: str, text: str) -> None:
    """Write a report; a reader sees the old or the new file, whole."""
    files.replace_text(os.path.abspath(path), text)
