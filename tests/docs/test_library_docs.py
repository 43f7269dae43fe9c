"""The library's documents: programs are run as printed, and the reference says what the docstrings say."""

import os
import re
import subprocess
import sys

import pytest

from tests.support import gitrepo, reference, tool

PROGRAMS = ("docs/try-five-fixes.md",)


def read(name):
    with open(os.path.join(tool.ROOT, name), encoding="utf-8") as file:
        return file.read()


def programs(name):
    """(file, text, output) of each program; the output is None where the next block is none."""
    blocks = re.findall(r"^```(\w+)(?: (\S+))?\n(.*?)^```", read(name), re.MULTILINE | re.DOTALL)
    for (_kind, about, text), after in zip(blocks, [*blocks[1:], ("", "", "")], strict=True):
        if about.startswith("file="):
            yield about[5:], text, after[2] if after[1] == "output" else None


def run_as_printed(name, repo, **env):
    """The programs without an output are the repository's; those with one are run there."""
    ran = 0
    for file, text, output in programs(name):
        gitrepo.write(repo, {file: text})
        if output is not None:
            done = subprocess.run(
                [sys.executable, file], cwd=repo, env=tool.environment(**env), capture_output=True, text=True, timeout=100
            )  # fmt: skip
            assert (done.stdout, done.returncode) == (output, 0), done
            ran += 1
        else:
            gitrepo.git(repo, "add", file)
            gitrepo.git(repo, "commit", "-qm", file)
    return ran


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_print_what_the_document_says(name, repo):
    assert run_as_printed(name, repo) > 0
    [row] = [one for one in programs(name) if one[2] is not None]
    again = subprocess.run(
        [sys.executable, row[0]], cwd=repo, env=tool.environment(), capture_output=True, text=True
    )
    assert again.stdout == row[2], "and a second time"


def test_reports_are_written(repo):
    *_, (file, text, _output) = programs("docs/try-five-fixes.md")
    gitrepo.write(repo, {file: text})
    subprocess.run([sys.executable, file], cwd=repo, env=tool.environment(), check=True)
    assert {"junit.xml", "results.json"} <= set(os.listdir(repo))


def test_the_reference_is_that_of_the_docstrings():
    assert read("docs/reference/library.md") == reference.page(), "to write it anew: just reference"


def test_everything_public_is_in_the_reference():
    import wt

    text = read("docs/reference/library.md")
    assert [name for name in wt.__all__ if f"`{name}(" not in text] == []
