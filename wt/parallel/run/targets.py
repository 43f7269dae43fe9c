"""What is to be run at: the commits that `--at` names, and variants of them by patch file."""

from __future__ import annotations

import os
from dataclasses import dataclass

from wt import files
from wt.errors import GitError, UsageError, quoted
from wt.git import layout, refs
from wt.git.run import Git

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from wt.pool.location import Pool

_SEPARATOR = "\x1f"


@dataclass(frozen=True)
class Target:
    """One commit, or that commit with a patch: `tree` is what the files will be, None where the patch does not apply.

    `problem` says why then.
    """

    number: int
    commit: str
    tree: str | None
    subject: str
    patch: str | None = None
    problem: str = ""

    @property
    def title(self) -> str:
        return self.subject if self.patch is None else f"{os.path.basename(self.patch)} on {self.subject}"


def resolve(pool: Pool, cwd: str, revisions: Sequence[str], patches: Sequence[str]) -> list[Target]:
    """Return the targets in the order given, a range from its oldest commit on, each commit once.

    Without a revision: the HEAD of the worktree around `cwd`. UsageError where one names nothing.
    """
    git = here(pool, cwd)
    commits: dict[str, None] = {}
    wanted = revisions or ("HEAD",)
    known = _commits(git, [revision for revision in wanted if ".." not in revision])
    for revision in wanted:
        found = known.get(revision)
        commits.update(dict.fromkeys([found] if found else expand(git, revision)))
    described = _described(git, list(commits))
    made: list[tuple[str, str | None, str, str | None, str]] = []
    for commit, tree, subject in described:
        made += [(commit, tree, subject, None, "")] if not patches else []
        for patch in _absolute(cwd, patches):
            patched, problem = _patched(pool, commit, patch)
            made.append((commit, patched, subject, patch, problem))
    return [Target(number, *one) for number, one in enumerate(made)]


def here(pool: Pool, cwd: str) -> Git:
    """Return git where revisions mean what the user sees: in the worktree around `cwd`, else at the source."""
    place = layout.find(cwd)
    inside = place is not None and place.common == pool.common
    return Git(cwd) if inside else Git(pool.config.source)


def expand(git: Git, revision: str, *, first_parent: bool = False) -> list[str]:
    """Return the commits of `A..B`, oldest first, or the one of a revision."""
    if ".." not in revision:
        return [refs.resolve(git, revision)]
    options = ("--first-parent",) if first_parent else ()
    try:
        out = git.ask("rev-list", "--reverse", "--topo-order", *options, "--end-of-options", revision, "--")
    except GitError as error:
        raise UsageError(f"`{revision}` names no commits in {git.cwd}.",
                         f"to see the last ones: git -C {quoted(git.cwd)} log --oneline -9") from error  # fmt: skip
    if not out:
        raise UsageError(f"There is no commit in `{revision}`; nothing was run.",
                         f"to see what is: git -C {quoted(git.cwd)} log --oneline -9")  # fmt: skip
    return out.split("\n")


def _commits(git: Git, revisions: list[str]) -> dict[str, str]:
    """Return the commits of revisions, asked all at once; one that names none, or that cannot be asked so, is left out."""
    asked = [revision for revision in revisions if "\n" not in revision]
    data = "".join(f"{revision}^{{commit}}\n" for revision in asked).encode("utf-8", "surrogateescape")
    lines = git.ask("cat-file", "--batch-check=%(objectname)", data=data).split("\n") if asked else []
    known = dict(zip(asked, lines, strict=True))
    return {revision: line for revision, line in known.items() if layout.is_object_id(line)}


def _described(git: Git, commits: list[str]) -> list[tuple[str, str, str]]:
    """Return (commit, tree, subject) of each, in order."""
    form = _SEPARATOR.join(("%H", "%T", "%s"))
    data = "".join(f"{commit}\n" for commit in commits).encode()
    lines = git.ask_fields("log", "-z", "--no-walk=unsorted", f"--format={form}%x00", "--stdin", data=data)
    rows = (line.lstrip("\n").split(_SEPARATOR, 2) for line in lines)
    return [(row[0], row[1], row[2]) for row in rows if len(row) == 3]


def _absolute(cwd: str, patches: Sequence[str]) -> list[str]:
    found = [os.path.normpath(os.path.join(cwd, patch)) for patch in patches]
    for patch in found:
        if not os.path.isfile(patch):
            raise UsageError(
                f"{patch} is no file; nothing was run.", f"to look: ls -l {quoted(os.path.dirname(patch))}"
            )
    return found


def _patched(pool: Pool, commit: str, patch: str) -> tuple[str | None, str]:
    """Return the tree of a commit with a patch, made in an index of its own; or None, and what git says."""
    scratch = files.scratch_directory("wt-run-")
    git, env = pool.git(), {"GIT_INDEX_FILE": f"{scratch}/index"}
    try:
        git.do("read-tree", commit, env=env)
        git.do("apply", "--cached", "--3way", "--whitespace=nowarn", "--", patch, env=env)
        return git.do("write-tree", env=env), ""
    except GitError as error:
        return None, f"{os.path.basename(patch)} does not apply: {error.stderr.strip()}"
    finally:
        files.remove_tree(scratch)
