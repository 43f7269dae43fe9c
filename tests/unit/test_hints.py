"""Contract section 4: hint lines, each ending in a command that can be pasted."""

import os

import pytest

from tests.support import guards, hints
from wt.cli import hints as edge
from wt.errors import again

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def collected():
    for path in sorted(guards.python_files(ROOT, "wt")):
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            yield from ((path, line, text) for line, text in hints.in_source(file.read()))


def test_every_hint_in_the_source_ends_in_a_command():
    found = list(collected())
    assert len(found) > 40
    wrong = [f"{path}:{line}: {text}" for path, line, text in found if hints.command_of(text) is None]
    assert not wrong, (
        "a hint ends in a command that can be pasted (errors.again writes the caller's own):\n"
        + "\n".join(wrong)
    )


@pytest.mark.parametrize(
    "hint",
    [
        "try again in a moment",
        "to wait for it: --wait 60",
        "choose another name",
        "to begin: wt begin x",
        "to begin: wt new",
        "to begin: wt new x --nope",
        "to begin: wt new NAME",
        "to give it back: worktree-pool --pool app lease",
        "to look: cd 'x",
        "to go on: cd /x && wt lnad",
    ],
)  # fmt: skip
def test_what_cannot_be_pasted_is_found(hint):
    assert hints.fault(hint)


@pytest.mark.parametrize(
    "hint",
    ["to begin: wt new x", "wt doctor", "to go on: cd /x && git add -A && wt land", "x: y: git -C /x log 'a: b'",
     "to give it back: worktree-pool --pool app release --name x"],
)  # fmt: skip
def test_what_can_be_pasted_is_not(hint):
    assert hints.fault(hint) is None


@pytest.mark.parametrize(
    ("hint", "argv", "program", "written"),
    [
        (again("so", {"--wait": "60"}), ["new", "x"], "wt", "so: wt new x --wait 60"),
        (again("so", {"--wait": "60"}), ["new", "x", "--wait", "1"], "wt", "so: wt new x --wait 60"),
        (again("so", {"--wait": "60"}), ["new", "x", "--wait=1"], "wt", "so: wt new x --wait 60"),
        (again("so", {"--wait": "60"}), ["new", "x", "--", "make", "a b"], "wt", "so: wt new x --wait 60 -- make 'a b'"),
        (again("so", {"--adopt": None}, without=("--from",)), ["new", "x", "--from", "v1"], "wt", "so: wt new x --adopt"),
        (again("so", without=("--adopt",)), ["new", "--adopt", "x"], "wt", "so: wt new x"),
        (again("so", {"--jobs": "2"}), ["run", "-j", "0", "--", "x"], "wt", "so: wt run --jobs 2 -- x"),
        (again("so", {"--jobs": "2"}), ["run", "-j0", "--", "x"], "wt", "so: wt run --jobs 2 -- x"),
        (again("so", words={"a": "b"}), ["--pool", "p", "release", "--name", "a"], "worktree-pool",
         "so: worktree-pool --pool p release --name b"),
        (again("so", {"--pool": "q"}), ["--pool", "p", "ls"], "worktree-pool", "so: worktree-pool ls --pool q"),
        (again("so", before="sudo "), ["ls"], "wt", "so: sudo wt ls"),
        (again("so", words={"--form": "--from"}), ["new", "x", "--form=v 1"], "wt", "so: wt new x '--from=v 1'"),
        (again("so", words={"--form": "--from"}), ["new", "x", "--form", "v"], "wt", "so: wt new x --from v"),
    ],
)  # fmt: skip
def test_the_callers_own_command_is_written_out(hint, argv, program, written):
    assert edge.placed([hint], argv, program, {}, None) == [written]
    assert str(hint).startswith("so: ")
