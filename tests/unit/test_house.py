"""The plan of the house, held: where imports may point, who may start a process, touch a file or print.
Every guard is proved by bad code that it must find, for a rule that cannot fail is none."""

import os
import subprocess

import pytest

from tests.support import guards

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# One row per floor, top to bottom. A layer may import its own floor and every floor below it.
FLOORS = (
    ("__main__", "cli"),
    ("__init__", "git_utils"),  # the public library: a face over parallel and pool
    ("session", "parallel"),
    ("pool",),
    ("hooks", "trust", "shell"),
    ("git", "files"),
    ("model", "errors", "paths", "resources", "version", "doors", "times"),
)
# Beside the floors: only cli may import ui, and ui knows nothing but values.
UI = ("model", "errors", "version")
LAYERS = {
    layer: {other for row in FLOORS[floor:] for other in row} | ({"ui"} if layer == "cli" else set())
    for floor, row in enumerate(FLOORS)
    for layer in row
} | {"ui": set(UI)}

# Who may do what, and why. A path that ends in `/` stands for all below it.
MAY_START_PROCESSES = {
    "wt/git/run.py": "the one starter of git",
    "wt/hooks.py": "the one starter of hooks",
    "wt/session/command.py": "runs the user's own command in a slot, the terminal untouched",
    "wt/parallel/job.py": "runs the command that is tried in many worktrees, its output in a log",
}
MAY_TOUCH_FILES = {
    "wt/files.py": "the one door to the file system",
    "wt/doors.py": "appends to the log of failpoints, which no door may guard",
    "wt/cli/main.py": "opens the null device where a caller closed a standard stream",
    "wt/shell/__init__.py": "writes the shell's own directive file, which it opened",
    "wt/pool/mutex.py": "opens (never writes) its lock files, which flock needs",
}
MAY_WRITE_TO_STREAMS = {
    "wt/ui/out.py": "the only print",
    "wt/ui/picker.py": "tells prompt-toolkit to draw on stderr",
    "wt/ui/ask.py": "tells questionary to draw on stderr",
}
MAY_CHANGE_DIRECTORY = {
    "wt/session/command.py": "in a forked child, before it becomes the user's command",
}
MAY_CATCH_ALL = {
    "wt/cli/main.py": "the error boundary",
    "wt/cli/pool_main.py": "the error boundary of worktree-pool",
    "wt/pool/submodules/crew.py": "carries what a thread died of to the one that waits for it, which raises it",
}
MODULE_LINES = 400
MEDIAN_LINES, NINETIETH_LINES = 10, 35
# Longest file by ending; what is not named here may be as long as it likes (none is, so far).
FILE_LINES = {".py": 600, ".md": 1000, ".sh": 300, ".bash": 300, ".zsh": 300, ".fish": 300, ".toml": 300}


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def product():
    return [(path, read(path)) for path in sorted(guards.python_files(ROOT, "wt"))]


def is_module(name):
    path = os.path.join(ROOT, *name.split("."))
    return os.path.isfile(path + ".py") or os.path.isfile(os.path.join(path, "__init__.py"))


def repository_files():
    listed = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
    )
    if listed.returncode:  # an sdist: no repository, and nothing of ours to judge
        return [path for top in ("wt", "tests", "bench") for path in guards.python_files(ROOT, top)]
    return [path for path in listed.stdout.split("\0") if os.path.isfile(os.path.join(ROOT, path))]


def texts():
    for path in repository_files():
        with open(os.path.join(ROOT, path), "rb") as file:
            raw = file.read()
        if b"\0" not in raw:
            yield path, raw.decode("utf-8", "replace")


def allowed(path, table):
    return path in table or any(place.endswith("/") and path.startswith(place) for place in table)


def outside(table, check):
    return [found for path, source in product() if not allowed(path, table) for found in check(path, source)]


def none(findings, why):
    findings = list(findings)
    assert not findings, why + "\n  " + "\n  ".join(findings)


def test_there_is_a_product_to_guard():
    assert "wt/version.py" in dict(product())


def test_imports_point_down_only():
    findings = [
        found for path, source in product() for found in guards.import_arrows(path, source, LAYERS, is_module)
    ]
    none(
        findings,
        "cli -> session, parallel -> pool -> hooks -> git, files -> model, errors; ui for cli alone.",
    )


def test_verbs_do_not_import_each_other():
    findings = outside({}, lambda path, source: guards.verb_siblings(path, source, is_module))
    none(findings, "One verb, one file.")


def test_modules_are_short():
    findings = [
        f"{path}: {len(source.splitlines())} lines"
        for path, source in product()
        if len(source.splitlines()) > MODULE_LINES
    ]
    none(findings, f"A module over {MODULE_LINES} lines answers more than one question: split it.")


def test_functions_are_short():
    lengths = [length for _, source in product() for length in guards.function_lengths(source)]
    none(guards.length_findings(lengths, MEDIAN_LINES, NINETIETH_LINES), "Short functions carry their names.")


def test_processes_are_started_in_few_places():
    why = "One runner cleans the environment and carries the failpoints; go through wt/git/run.py or wt/hooks.py."
    none(outside(MAY_START_PROCESSES, guards.process_starts), why)


def test_files_are_changed_behind_one_door():
    why = "Atomic replacement, fsync and the failpoints live in wt/files.py."
    none(outside(MAY_TOUCH_FILES, guards.file_effects), why)


def test_only_the_edge_writes_to_streams():
    why = "stdout is the answer, stderr is narration, and wt/ui/out.py decides colour for both."
    none(outside(MAY_WRITE_TO_STREAMS, guards.writes_to_streams), why)


def test_nothing_changes_the_current_directory():
    none(
        outside(MAY_CHANGE_DIRECTORY, guards.directory_changes),
        "The cwd belongs to the caller, threads included; pass paths.",
    )


def test_only_the_boundary_catches_everything():
    why = "A broad catch hides bugs; name the error, or undo and `raise`."
    none(outside(MAY_CATCH_ALL, guards.broad_catches), why)


def test_no_repository_file_is_over_long():
    findings = [
        f"{path}: {len(text.splitlines())} lines"
        for path, text in texts()
        if len(text.splitlines()) > FILE_LINES.get(os.path.splitext(path)[1], 10**6)
    ]
    none(findings, "Nobody reads a file of that length; split it by the question it answers.")


def test_no_repository_file_names_a_place_of_one_machine():
    why = "It would be wrong on every other machine."
    none((found for path, text in texts() for found in guards.machine_paths(path, text)), why)


def test_every_excuse_has_a_reason():
    findings = [
        found for path, text in texts() if path.endswith(".py") for found in guards.bare_excuses(path, text)
    ]
    none(findings, "An ignore comment without its reason outlives it.")
    none(guards.ignores_without_reason(read("pyproject.toml")), "A reason beside every ignore.")


# The guards themselves, on code that they must find and on its harmless neighbour.

BAD = {
    "start": (guards.process_starts, "import os\nos.posix_spawn('git', [], {})", "import os\nos.getpid()"),
    "start-alias": (guards.process_starts, "import os as o\no.system('x')", "import os as o\no.getpid()"),
    "start-from": (guards.process_starts, "from os import execv", "from os import getpid"),
    "start-subprocess": (guards.process_starts, "def f():\n    import subprocess", "import sub"),
    "start-run": (guards.process_starts, "from subprocess import run", "from wt.git import run"),
    "start-fork": (guards.process_starts, "import os\nos.fork()", "import os\nos.getppid()"),
    "file-replace": (guards.file_effects, "import os\nos.replace(a, b)", "'a'.replace('b', 'c')"),
    "file-from": (guards.file_effects, "from shutil import rmtree", "from shutil import which"),
    "file-open": (guards.file_effects, "open(p, 'a')", "open(p, 'rb')"),
    "file-mode": (guards.file_effects, "open(p, mode='w')", "open(p, encoding='utf-8')"),
    "file-variable-mode": (guards.file_effects, "open(p, how)", "open(p)"),
    "file-os-open": (
        guards.file_effects,
        "import os\nos.open(p, os.O_RDWR | os.O_CLOEXEC)",
        "import os\nos.open(p, os.O_RDONLY)",
    ),
    "file-pathlib": (guards.file_effects, "path.write_text('x')", "from wt import files\nfiles.unlink(path)"),
    "print": (guards.writes_to_streams, "print('x')", "out.say('x')"),
    "stderr": (guards.writes_to_streams, "import sys\nsys.stderr.write('x')", "import sys\nsys.argv"),
    "stdout-from": (guards.writes_to_streams, "from sys import stdout", "from sys import argv"),
    "descriptor": (guards.writes_to_streams, "import os\nos.write(2, b'x')", "import os\nos.write(fd, b'x')"),
    "chdir": (guards.directory_changes, "import os\nos.chdir('/')", "import os\nos.getcwd()"),
    "chdir-from": (guards.directory_changes, "from os import chdir", "from os import getcwd"),
    "bare": (guards.broad_catches, "try: f()\nexcept: pass", "try: f()\nexcept OSError: pass"),
    "broad": (
        guards.broad_catches,
        "try: f()\nexcept (OSError, Exception) as e: g(e)",
        "try: f()\nexcept BaseException:\n    g()\n    raise",
    ),
    "suppress": (
        guards.broad_catches,
        "import contextlib\nwith contextlib.suppress(Exception): f()",
        "import contextlib\nwith contextlib.suppress(OSError): f()",
    ),
    "machine": (guards.machine_paths, "cd /wo" + "rk/main", "cd $HOME/wo" + "rk/main; frame/wo" + "rk/x"),
    "machine-venv": (guards.machine_paths, "#!/opt/d" + "ev/bin/python", "#!/opt/devices"),
    "noqa": (guards.bare_excuses, "x = 1  # noqa: E501", "x = 1  # noqa: E501 (a URL)"),
    "noqa-all": (guards.bare_excuses, "x = 1  # noqa", "x = 1  # a noqa in a sentence"),
    "type": (guards.bare_excuses, "x = 1  # type: ignore[attr]", "x = 1  # type: ignore[attr]  # no stubs"),
    "cover": (guards.bare_excuses, "x = 1  # pragma: no cover", "x = 1  # pragma: no cover (race)"),
    "verbs": (
        lambda path, source: guards.verb_siblings("wt/cli/verbs/new.py", source, lambda _: True),
        "from wt.cli.verbs import land",
        "from wt.cli import context",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_guard_finds_bad_code_and_nothing_else(name):
    check, bad, good = BAD[name]
    assert list(check("wt/x.py", bad)), "the guard is blind"
    assert not list(check("wt/x.py", good)), "the guard cries wolf"


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("wt/pool/acquire.py", "from wt.session import land"),
        ("wt/pool/acquire.py", "from ..cli import main"),
        ("wt/pool/acquire.py", "from .. import session"),
        ("wt/pool/__init__.py", "from ..session.land import land"),
        ("wt/git/run.py", "import wt.pool.lock"),
        ("wt/errors.py", "def f():\n    from wt.git import run"),
        ("wt/model.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from wt.pool import slot"),
        ("wt/session/land/steps.py", "from wt.ui import out"),
        ("wt/ui/table.py", "from wt.pool import slot"),
        ("wt/cellar.py", "import os"),
    ],
)
def test_arrow_guard_finds_arrows_that_point_up(path, source):
    assert list(guards.import_arrows(path, source, LAYERS, lambda _: True))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("wt/cli/main.py", "from wt.ui import out\nfrom wt.session import land\nfrom wt import errors"),
        ("wt/pool/acquire.py", "from . import lock\nfrom ..git import run\nfrom .. import files\nimport os"),
        ("wt/__init__.py", "from .pool import slot\nfrom wt.parallel import orchestrator"),
        ("wt/hooks.py", "from wt import trust\nfrom wt.errors import WtError"),
    ],
)
def test_arrow_guard_lets_arrows_down_pass(path, source):
    assert not list(guards.import_arrows(path, source, LAYERS, lambda _: True))


def test_length_guard_finds_long_functions():
    function = "def f():\n" + "    x = 1\n" * 40
    assert guards.function_lengths(function) == [41]
    assert len(list(guards.length_findings([41] * 10, 10, 35))) == 2
    assert len(list(guards.length_findings([5] * 8 + [50] * 2, 10, 35))) == 1
    assert not list(guards.length_findings([5] * 10, 10, 35))


def test_ignore_list_guard_finds_what_has_no_reason():
    assert list(guards.ignores_without_reason('ignore = [\n    "E501",\n]'))
    assert list(guards.ignores_without_reason('ignore = ["E501"]'))
    assert not list(guards.ignores_without_reason('ignore = [\n    "E501", # why\n]\nother = [\n"x",\n]'))
