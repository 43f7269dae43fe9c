"""Rows 9 to 12: what a person's shell does itself, timed inside a real bash and zsh; and the picker's first frame.

Their goals are times, not ratios. Beside each stands one start of git, which is what others do at every prompt; on a
busy machine the processor's time and the least of many turns are the truer figures, and are told as a note.
"""

import fcntl
import os
import pty
import shutil
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator

from bench.repos import Repo
from bench.stage import Pool, Stage
from bench.timing import BenchError, Measured, Sample, pairs

SHELLS = {"bash": ("bash", "--noprofile", "--norc"), "zsh": ("zsh", "-f")}
MICRO = 1e-6
HELD = 50
MANY = 64
# `work` runs COUNT times; the same number of empty turns is taken off. EPOCHREALTIME is in bash 5 and in zsh/datetime.
LOOP = """
[ -z "$ZSH_VERSION" ] || zmodload zsh/datetime
TEXT=$(cat "$INTEGRATION"); eval "$TEXT"; __wt_load_completion; \\cd "$DIRECTORY"
work() { %s
}
turn() { local turn_=0; while [ "$turn_" -lt "$COUNT" ]; do "$1"; turn_=$((turn_ + 1)); done; }
work
[ "$PROOF" = "" ] || eval "$PROOF" || exit 9
nothing() { :; }
times; a=$EPOCHREALTIME; turn nothing >/dev/null; b=$EPOCHREALTIME; times; turn work >/dev/null; c=$EPOCHREALTIME
times; echo "$a $b $c"
one=0; while [ "$one" -lt "$TURNS" ]; do one=$((one + 1)); a=$EPOCHREALTIME; work >/dev/null; echo "$a $EPOCHREALTIME"; done
"""
TURNS = 100  # that are timed one by one: the least is what nobody else's work was in
PROMPT = "__wt_prompt"
NAMES = "__wt_found=(); __wt_key=; __wt_candidates held"
GO = "wt cd held1"
PATH = "wt path held1"
SOURCING = 'eval "$TEXT"'


def _seconds(text: str) -> float:
    minutes, _, seconds = text.rstrip("s").partition("m")
    return int(minutes) * 60 + float(seconds)


def run(
    stage: Stage, shell: str, work: str, *, count: int, directory: str, proof: str = "", prompt: bool = True
) -> tuple[Sample, float]:
    """One sample: wall and processor time of one turn, the median of nothing: pairs() takes several; and the least of some."""
    integration = os.path.join(stage.root, f"wt{'-prompt' if prompt else ''}.{shell}")
    if not os.path.exists(integration):
        argv = [stage.tool.wt, "shell", "init", shell, *(["--prompt"] if prompt else [])]
        with open(integration, "wb") as file:
            subprocess.run(argv, env=stage.env, check=True, stdout=file)
    env = {
        **stage.env, "INTEGRATION": integration, "DIRECTORY": directory, "COUNT": str(count), "PROOF": proof,
        "TURNS": str(TURNS),
    }  # fmt: skip
    argv = [*SHELLS[shell], "-c", LOOP % work]
    done = subprocess.run(argv, check=False, env=env, capture_output=True, text=True)
    if done.returncode or done.stderr:
        raise BenchError(f"{shell}: {work}: status {done.returncode}\n{done.stderr[-2000:]}")
    lines = done.stdout.splitlines()
    least = min(float(end) - float(begin) for begin, end in map(str.split, lines[-TURNS:]))
    [*_, first, _, second, _, third, _, stamps] = lines[:-TURNS]  # its own time, its children's
    wall = _apart(*(float(word) for word in stamps.split()))
    used = _apart(*(sum(map(_seconds, line.split())) for line in (first, second, third)))
    return Sample(wall / count, used / count, 0), least


def _apart(begin: float, empty: float, end: float) -> float:
    return (end - empty) - (empty - begin)


def _timed(
    stage: Stage, what: str, work: str, limit: dict[str, float], *, directory: str, count: int = 5000,
    per: int = 1, proof: str = "", prompt: bool = True,
) -> Iterator[Measured]:  # fmt: skip
    """One line for each shell that is here; `per` is how many things one turn does."""
    for shell, goal in limit.items():
        if not shutil.which(shell):
            continue

        least: list[float] = []

        def sample(shell: str = shell, least: list[float] = least) -> Sample:
            one, lowest = run(
                stage, shell, work, count=count, directory=directory, proof=proof, prompt=prompt
            )
            least.append(lowest / per)
            return Sample(one.wall / per, one.cpu / per, 0)

        ratio = pairs(sample, lambda: stage.time("git", "--version"), stage.pairs)
        note = f"least {min(least) / MICRO:.0f} µs, of the processor {ratio.a.cpu / MICRO:.0f}; beside it: one git --version"
        yield Measured(f"{what}, {shell}", 0, ratio, note, limit=goal)


def _pool(stage: Stage, repo: Repo, slots: int) -> Pool:
    source = os.path.join(stage.root, f"source-{slots}")
    stage.git(stage.root, "clone", "-q", "--local", repo.path, source)
    pool = stage.pool(source, slots)
    pool.hold(slots)
    return pool


def _deep(pool: Pool) -> str:
    path = os.path.join(pool.path("held0"), "one", "two")
    os.makedirs(path)
    return path


def prompt(stage: Stage, repo: Repo) -> Iterator[Measured]:
    pool = _pool(stage, repo, 1)
    directory = _deep(pool)
    limit = {"bash": 60 * MICRO, "zsh": 80 * MICRO}
    shown = '[ "${__wt_segment#*held0}" != "$__wt_segment" ]'
    yield from _timed(stage, "prompt", PROMPT, limit, directory=directory, proof=shown)
    time.sleep(0.1)  # a mark counts if it is newer than the lock
    pool.wt("ls")
    yield from _timed(stage, "prompt with a mark", PROMPT, limit, directory=directory, proof=shown)


def completion(stage: Stage, repo: Repo) -> Iterator[Measured]:
    pool = _pool(stage, repo, MANY)
    limit = {"bash": 25 * MICRO, "zsh": 50 * MICRO}
    proof = f"[ ${{#__wt_found[@]}} = {MANY} ]"
    yield from _timed(
        stage, "names, a slot", NAMES, limit, directory=pool.source, count=100, per=MANY, proof=proof
    )


def moving(stage: Stage, repo: Repo) -> Iterator[Measured]:
    pool = _pool(stage, repo, HELD)
    limit = dict.fromkeys(SHELLS, 1000 * MICRO)
    there = f'[ "$PWD" = "{os.path.realpath(pool.path("held1"))}" ]'
    yield from _timed(stage, "wt cd NAME", GO, limit, directory=_deep(pool), count=200, proof=there)
    yield from _timed(stage, "wt path NAME", PATH, limit, directory=pool.source, count=200)
    yield from first_frame(pool)


def sourcing(stage: Stage, repo: Repo) -> Iterator[Measured]:
    del repo
    limit = dict.fromkeys(SHELLS, 1000 * MICRO)
    for what, prompt in (("sourcing", False), ("sourcing with --prompt", True)):
        yield from _timed(stage, what, SOURCING, limit, directory=stage.root, count=200, prompt=prompt)


def first_frame(pool: Pool) -> Iterator[Measured]:
    stage = pool.stage
    argv = [stage.tool.wt, "--pool", pool.key, "cd"]
    ratio = pairs(lambda: _until_drawn(argv, stage.env), stage.bare_python, stage.pairs)
    yield Measured("wt cd: first frame of 50 slots", 0, ratio, "beside it: the bare interpreter", limit=0.150)


def _until_drawn(argv: list[str], env: dict[str, str]) -> Sample:
    start = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(argv[0], argv, {**env, "TERM": "xterm"})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 120, 0, 0))
    seen = b""
    while b"stay here" not in seen:
        seen += os.read(terminal, 1 << 16)
    wall = time.perf_counter() - start
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(terminal)
    return Sample(wall, 0.0, 0)
