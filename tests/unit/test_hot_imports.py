"""What a hot verb may not import: each of these costs more than a git process (docs/performance.md)."""

import os
import subprocess
import sys
import sysconfig

import pytest

from tests.support import gitrepo

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HEAVY = frozenset(
    "subprocess argparse re json pathlib dataclasses typing tempfile inspect enum"
    " git questionary prompt_toolkit filelock yaml psutil".split()
)
# No site module: start-up files of the test tools (coverage's, editable installs') would import for us.
# The modules go to a file, because the streams are the verb's own.
PROBE = """\
import sys
root, packages, report, module, *argv = sys.argv[1:]
sys.path[:0] = [root]
sys.path.append(packages)
before = set(sys.modules)
main = __import__(module, fromlist=["main"]).main
try:
    status = main(argv)
finally:
    with open(report, "w") as file:
        file.write(" ".join(sorted(set(sys.modules) - before)))
sys.exit(status)
"""
WT, POOL = "wt.cli.main", "wt.cli.pool_main"
VERBS = {
    "--version": (WT, ["--version"]),
    "help": (WT, ["help"]),
    "acquire": (POOL, ["--pool", "k", "acquire", "--name", "next"]),
    "release": (POOL, ["--pool", "k", "release", "--name", "held"]),
    "pool path": (POOL, ["--pool", "k", "path", "--name", "held"]),
    "path": (WT, ["--pool", "k", "path", "held"]),
    "ls --bare": (WT, ["--pool", "k", "ls", "--bare"]),
    "new": (WT, ["--pool", "k", "new", "next"]),
    "cd": (WT, ["--pool", "k", "cd", "held"]),
}


def imported(report, module, argv):
    packages = sysconfig.get_paths()["purelib"]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", PROBE, ROOT, packages, report, module, *argv],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{module} {argv}: {done.returncode}\n{done.stdout}{done.stderr}"
    with open(report, encoding="utf-8") as file:
        return file.read().split()


def test_the_probe_sees_what_is_imported(tmp_path):
    (tmp_path / "eager.py").write_text(
        "import json\n\ndef main(argv):\n    import re\n    return len(argv)\n"
    )
    report = tmp_path / "report"
    probe = [sys.executable, "-I", "-S", "-c", PROBE, str(tmp_path), "", str(report), "eager"]
    subprocess.run(probe, check=True)
    assert {"json", "re"} <= set(report.read_text().split())


def test_nothing_heavy_is_part_of_the_interpreter():
    probe = "import sys; print(' '.join(sys.modules))"
    bare = subprocess.run(
        [sys.executable, "-I", "-S", "-c", probe], capture_output=True, text=True, check=True
    )
    assert not HEAVY & set(bare.stdout.split())


@pytest.mark.parametrize("verb", VERBS)
def test_hot_verb_imports_nothing_heavy(verb, repo, tmp_path, monkeypatch):
    (tmp_path / "worktrees").mkdir()
    monkeypatch.setenv("WORKTREE_ROOT", str(tmp_path / "worktrees"))
    report = str(tmp_path / "report")
    gitrepo.commit(repo, {"a": "1\n"})
    pool = ["--pool", "k"]
    imported(report, POOL, [*pool, "init", "--source", repo, "--max-slots", "2"])
    imported(report, POOL, [*pool, "acquire", "--name", "held"])
    module, argv = VERBS[verb]
    if argv[-1] == "next":  # twice, because the second time the slot is warm
        imported(report, POOL, [*pool, "acquire", "--name", "next"])
        imported(report, POOL, [*pool, "release", "--name", "next"])
    heavy = HEAVY & {name.partition(".")[0] for name in imported(report, module, argv)}
    assert not heavy, f"`{verb}` imports {', '.join(sorted(heavy))}: import inside the function that needs it"
