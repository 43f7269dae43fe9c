"""Kills git before each of its state-changing system calls, and whoever started it with it; or lets that call fail.

A `git` in front of the real one on PATH counts the calls of our one runner that may change something (readers are
marked by `--no-optional-locks`), each verb for itself, since two may be under way at once. The log of strace(1) says
which system calls they make; one of them is then struck.
"""

import os
import re
import shutil

NAMES = ("openat", "creat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "link",
         "linkat", "symlink", "symlinkat", "ftruncate", "truncate", "write", "pwrite64", "writev")  # fmt: skip
LINE = re.compile(r"(\d+) +(\w+)\((.*)")
WRAPPER = """\
#!/bin/sh
case $1 in --no-optional-locks) exec {git} "$@" ;; esac
value=
for verb; do
    if test -n "$value"; then value=; continue; fi
    case $verb in -C | -c) value=1 ;; -*) ;; *) break ;; esac
done
number=1
until mkdir "{top}/$verb.$number" 2>/dev/null; do number=$((number + 1)); done
count=$verb.$number
if test -n "$WT_STRIKE" && test $count = "${{WT_STRIKE%%:*}}"; then
    : >{top}/struck
    test -z "$WT_STRIKE_ERROR" || exec strace -f -qq -o /dev/null -e trace=${{WT_STRIKE##*:}} \
        -e inject="${{WT_STRIKE#*:}}:error=$WT_STRIKE_ERROR:when=$WT_STRIKE_AT" {git} "$@"
    strace -f -qq -o /dev/null -e trace=${{WT_STRIKE##*:}} -e inject="${{WT_STRIKE#*:}}:signal=KILL:when=$WT_STRIKE_AT" {git} "$@"
    kill -9 0
fi
test -z "$WT_STRIKE_LOG" || exec strace -f -qq -o {top}/$count/log -e trace={names} {git} "$@"
exec {git} "$@"
"""


def available():
    return shutil.which("strace") is not None


class Wrapper:
    """The `git` that strikes; its files are in `top`."""

    def __init__(self, top):
        self.top = str(top)
        os.makedirs(f"{self.top}/bin")
        text = WRAPPER.format(git=shutil.which("git"), top=self.top, names=",".join(NAMES))
        with open(f"{self.top}/bin/git", "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(f"{self.top}/bin/git", 0o755)

    def environment(self, **more):
        """What makes a command use this git, counting from one."""
        for number in self._numbers():
            shutil.rmtree(f"{self.top}/{number}")
        if self.was_struck():
            os.unlink(f"{self.top}/struck")
        return {"PATH": f"{self.top}/bin:{os.environ['PATH']}", **more}

    def was_struck(self):
        return os.path.exists(f"{self.top}/struck")

    def calls(self):
        """Yield (label, environment) of each state-changing call that the run with WT_STRIKE_LOG made."""
        for number in self._numbers():
            with open(f"{self.top}/{number}/log", encoding="utf-8", errors="replace") as file:
                yield from self._of_one(number, file.read().splitlines())

    def _numbers(self):
        """`update-ref.1` and so on, in the order in which they began."""
        found = [name for name in os.listdir(self.top) if re.fullmatch(r"[a-z-]+\.\d+", name)]
        return sorted(found, key=lambda name: os.stat(f"{self.top}/{name}").st_ctime_ns)

    @staticmethod
    def _of_one(number, lines):
        counts: dict[tuple[str, str], int] = {}
        for line in lines:
            found = LINE.match(line)
            if not found:
                continue
            pid, name, rest = found.groups()
            counts[pid, name] = counts.get((pid, name), 0) + 1
            if _changes(name, rest):
                strike = {"WT_STRIKE": f"{number}:{name}", "WT_STRIKE_AT": str(counts[pid, name])}
                yield f"git {number}, {name} {counts[pid, name]} ({rest[:600]}", strike


def _changes(name, rest):
    if name in {"write", "writev", "pwrite64"}:
        return not rest.startswith(("1,", "2,"))
    if name == "openat":
        return "/dev/null" not in rest and any(flag in rest for flag in ("O_CREAT", "O_TRUNC"))
    return True
