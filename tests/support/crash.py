"""Kills a verb at each of its doors, runs the next ordinary commands, and judges what is left: C U S H I.

A scenario says how its stage is built, which verb is killed, and what must be true once the verb was run again. What is
true after every kill, whatever the verb, is judged here.
"""

import os
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.support import gitrepo, tool
from tests.support import stage as stages
from tests.support.gitcalls import Wrapper
from tests.support.stage import Stage, facts, read

MUTEX = re.compile(r"/\.meta/|\.lock$")
LEFTOVER = re.compile(r"/\.wt-tmp-|kept-index|/worktree-pool/wt!|\.lock$")
ALLOWED_LOCKS = ("/.meta/", *(f"worktree-pool/{name}.lock" for name in ("land", "source", "kept")))


@dataclass(frozen=True)
class Scenario:
    """`again` are the exit codes that the verb may end with when it is run after a kill; `settled` looks at its effect.

    `ends` is how it ends where nobody kills it: 1 for a land that stops at a conflict. `retires` is how many slots it
    takes away.
    A verb that is not `steady` works in threads: the number of its doors differs by a few from run to run, so that the
    last points may not be met.
    """

    name: str
    build: Callable
    verb: tuple
    again: tuple = (0,)
    settled: Callable | None = None
    strict: tuple = ("build/",)
    ends: int = 0
    retires: int = 0
    steady: bool = True

    def __str__(self):
        return self.name


class Sweep:
    """One scenario in one layout: built once, put back for each kill."""

    def __init__(self, scenario, layout, top):
        self.scenario, self.layout = scenario, layout
        self.stage = Stage(top)
        scenario.build(self.stage, layout)
        self.before = facts(self.stage)
        self.stage.save()
        self.restorable = set()
        self.met = 0
        self.wrapper = Wrapper(f"{self.stage.top}/wrapper")

    def doors(self):
        """(label, environment) of each door that the verb crosses, in their order."""
        self.stage.restore()
        return self._doors_of(self._verb)

    def git_calls(self):
        """(label, environment) of each state-changing system call inside the verb's gits."""
        self.stage.restore()
        done = self._verb(self.wrapper.environment(WT_STRIKE_LOG="1"))
        assert done.code == self.scenario.ends, done
        return list(self.wrapper.calls())

    def _doors_of(self, run):
        log = f"{self.stage.top}/doors"
        if os.path.exists(log):
            os.unlink(log)
        done = run({"WT_DOORS_LOG": log})
        assert done.code in (0, self.scenario.ends), done
        lines = read(log).decode().splitlines() if os.path.exists(log) else []
        labels = [line for line in lines if re.match(r"\d+ ", line)]
        return [
            (f"door {label}", {"WT_DOORS_KILL": label.split()[0], "WT_DOORS_KILL_GROUP": "1"})
            for label in labels
        ]

    def _verb(self, env=None):
        command, verb, *args = self.scenario.verb
        return self.stage.run(command, verb, *args, env=env)

    def sample(self, points, stride):
        """Every `stride`-th point, beginning somewhere that depends on the scenario alone; with 0 the middle one."""
        if not stride:
            return points[len(points) // 2 :][:1]
        return points[zlib.crc32(f"{self.scenario.name} {self.layout}".encode()) % stride :: stride]

    def run(self, points):
        """Kill at each point; returns the findings."""
        findings, before = [], self.met
        for number, (label, env) in enumerate(points):
            found = self._killed(env) or self.judge(recover_first=number % 2 == 0)
            findings += [f"{self.scenario} {self.layout}, {self._short(label)}: {one}" for one in found]
        if 2 * (self.met - before) < len(points):
            findings.append(
                f"{self.scenario} {self.layout}: {self.met - before} of {len(points)} points were met"
            )
        return findings

    def run_recovery(self, points, stride):
        """Kill the verb at each point, then the recovery at its own doors; returns how many, and the findings."""
        count, findings = 0, []
        for label, env in points:
            self._killed(env)
            inner = self.sample(self._doors_of(self._recover), stride)
            for second, again in inner:
                self._killed(env)
                done = self._recover(again)
                found = (
                    self.judge(recover_first=True)
                    if stages.was_killed(done)
                    else [f"recovery was not killed: {done}"] * self.scenario.steady
                )
                where = f"{self._short(label)}, then in recovery {self._short(second)}"
                findings += [f"{self.scenario} {self.layout}, {where}: {one}" for one in found]
            count += len(inner)
        return count, findings

    def _recover(self, env):
        """Who recovers: for land, whose journal only another land finishes, the verb run again; else any command."""
        done = self._verb(env) if self.scenario.verb[1] == "land" else self.stage.recover(env)
        ended = done.code in self.scenario.again and "WT_DOORS_LOG" in env
        return tool.Result(0, done.out, done.err) if ended else done

    def _killed(self, env):
        self.stage.restore()
        if "WT_STRIKE" in env:
            env = self.wrapper.environment(**env)
        done = self._verb(env)
        self.stage.wait_for_hooks()
        met = stages.was_killed(done)
        self.met += met
        return [] if met or not self.scenario.steady else [f"the verb was not killed: {done}"]

    def _short(self, label):
        return label.replace(self.stage.now, "")[:90]

    def judge(self, *, recover_first):
        """What is wrong after a kill, once the next commands ran; the first kind of finding ends it."""
        looks = (self._recovers, self._same_twice) if recover_first else ()
        for look in (
            *looks,
            self._runs_again,
            self._recovers,
            self._commits,
            self._bytes,
            self._slots,
            self._litter,
            self._git_works,
            self._settled,
            self._room,
        ):
            try:
                found = look()
            except AssertionError as error:
                found = [f"{look.__name__}: {error}"]
            if found:
                return found
        return []

    def _recovers(self):
        done = self.stage.recover()
        complaints = [line for line in done.err.splitlines() if "could not be recovered" in line]
        found = complaints if done.code == 0 else [f"the next command ends {done.code}: {done.err}"]
        return found + [
            f"after recovery {row['id']} is {row['state']}"
            for row in self.stage.rows()
            if row["state"] not in ("idle", "held")
        ]

    def _same_twice(self):
        once = self._picture()
        found = self._recovers()
        twice = self._picture()
        changed = sorted(key for key in once.keys() | twice.keys() if once.get(key) != twice.get(key))
        return found + [f"I: recovering again changes {key}" for key in changed]

    def _picture(self):
        """Every file of the source and the pool but mutexes, whose notes say who came by last."""
        seen = {}
        for top in (self.stage.root, self.stage.source):
            for directory, names, plain in os.walk(top):
                for name in (*names, *plain):
                    path = f"{directory}/{name}"
                    if os.path.islink(path):
                        seen[path] = os.readlink(path)
                    elif os.path.isfile(path) and not MUTEX.search(path):
                        seen[path] = read(path)
        return seen

    def _runs_again(self):
        done = self._verb()
        return (
            [] if done.code in self.scenario.again else [f"the verb, run again, ends {done.code}: {done.err}"]
        )

    def _commits(self):
        lost = self.before.commits - stages.reachable_commits(self.stage)
        return [f"C: {len(lost)} commits lost: {sorted(lost)}"] if lost else []

    def _bytes(self):
        objects = stages.reachable_objects(self.stage) | stages.kept_of_submodules(self.stage)
        # whole repositories that were moved out of a slot
        objects |= {stages.blob_id(data) for _, data in stages.content(f"{self.stage.at}/.meta/kept")}
        after = {**stages.parked(self.stage), **facts(self.stage).files}
        found = []
        for (admin, name), blob in self.before.files.items():
            in_place = after.get((admin, name)) == blob
            strict = name.startswith(self.scenario.strict)
            if not in_place and (strict or blob not in objects):
                found.append(f"U: {name} of {os.path.basename(admin)} is lost")
        present = set(after.values())
        found += [f"U: staged {blob} is lost" for blob in self.before.staged - objects - present]
        return found + self._restorable()

    def _restorable(self):
        """Each stash-shaped kept commit can be had again by plain git, index and all."""
        found: list[str] = []
        for line in self.stage.git(
            "for-each-ref", "--format=%(objectname) %(parent)", "refs/wt/kept"
        ).splitlines():
            sha, *parents = line.split()
            subject = self.stage.git("log", "-1", "--format=%s", sha)
            if sha in self.restorable or not subject.endswith("set aside by wt"):
                continue
            scratch = f"{self.stage.now}/scratch"
            self.stage.git("worktree", "add", "-q", "--detach", scratch, parents[0])
            self.stage.git("stash", "apply", "-q", "--index", sha, at=scratch)
            self.stage.git("worktree", "remove", "--force", scratch)
            self.restorable.add(sha)
        return found

    def _slots(self):
        rows = self.stage.rows()
        names = [row["name"] for row in rows if row["name"]]
        found = [f"S: {row['id']} is {row['state']}" for row in rows if row["state"] not in ("idle", "held")]
        if len(self.stage.slots()) < self.before.slots - self.scenario.retires or len(rows) != len(
            self.stage.slots()
        ):
            found.append(
                f"S: {self.before.slots} slots before ({self.scenario.retires} retired), {len(self.stage.slots())} after, {len(rows)} listed"
            )
        for what, values in (
            ("names", names),
            ("ids", [row["id"] for row in rows]),
            ("paths", [row["path"] for row in rows]),
        ):
            if len(set(values)) != len(values):
                found.append(f"H: {what} twice in {values}")
        return found

    def _litter(self):
        links = {name for name in os.listdir(self.stage.at) if os.path.islink(f"{self.stage.at}/{name}")}
        names = {row["name"].replace("/", "-") for row in self.stage.rows() if row["name"]}
        wanted = names if self.layout == "stable" else set()
        return litter(self.stage) + [f"links are {links}, not {wanted}" for _ in range(links != wanted)]

    def _git_works(self):
        """The user's own git: fsck, worktree list, status in each worktree, branch -D, gc, and all is there after it."""
        git = self.stage.git
        found = [f"fsck: {line}" for line in git("fsck", "--no-dangling", "--no-progress").splitlines()]
        if "prunable" in git("worktree", "list", "--porcelain"):
            found.append("worktree list shows a prunable entry")
        for path in self.stage.worktrees().values():
            git("status", "--porcelain", at=path)
        git("branch", "-q", "-D", "spare")
        git("gc", "-q", "--prune=now")
        listed = "\n".join(sorted(self.before.commits | stages.reachable_commits(self.stage)))
        missing = [
            line
            for line in gitrepo.git(
                self.stage.source, "cat-file", "--batch-check", stdin=listed + "\n"
            ).splitlines()
            if "missing" in line
        ]
        return found + [f"C: gc dropped {line}" for line in missing]

    def _settled(self):
        return list(self.scenario.settled(self.stage) or ()) if self.scenario.settled else []

    def _room(self):
        """S: the whole pool can be held, and not one slot more."""
        held = sum(row["state"] == "held" for row in self.stage.rows())
        for number in range(held, 2):
            done = self.stage.run("worktree-pool", "acquire", "--no-hooks", "--name", f"fill{number}")
            if done.code:
                return [f"S: slot {number + 1} of 2 cannot be had: {done.code} {done.err}"]
        done = self.stage.run("worktree-pool", "acquire", "--no-hooks", "--name", "one-more")
        return [] if done.code == 4 else [f"S: one more than the pool has ends {done.code}: {done.err}"]


def litter(stage):
    """Name what no command leaves behind: temp files, births, lock files of git's, directories that are no slots."""
    found: list[str] = []
    for top in (stage.common, stage.at):
        for directory, names, plain in os.walk(top):
            for name in (*names, *plain):
                path = os.path.relpath(f"{directory}/{name}", top)
                born = name.startswith("wt!") and "worktrees" not in directory
                if (born or LEFTOVER.search(f"/{path}")) and not any(
                    one in f"/{path}" for one in ALLOWED_LOCKS
                ):
                    found.append(f"left over: {path}")
    found += [f"left over: {name}" for name in os.listdir(f"{stage.at}/.meta") if name.startswith("restore-")]
    known = {os.path.basename(path) for path in stage.slots().values()} | {".meta"}
    there = {name for name in os.listdir(stage.at) if not os.path.islink(f"{stage.at}/{name}")}
    return found + [f"left over in the pool root: {name}" for name in sorted(there - known)]
