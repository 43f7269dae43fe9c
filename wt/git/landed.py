"""Whether commits are in a branch, by reachability or by content (contract section 11). Bounded; in doubt, no."""

from __future__ import annotations

from wt.git import trial
from wt.git.run import Git
from wt.model import record

BOUND = 200  # commits looked at on either side; beyond it, unmerged
_AS_IT_IS = ("--no-ext-diff", "--no-textconv", "--no-renames", "--full-index", "--binary", "--ignore-submodules=none",
             "--no-color", "--no-relative", "-U3", "--inter-hunk-context=0", "--src-prefix=a/", "--dst-prefix=b/")  # fmt: skip


@record
class Ahead:
    """`count` commits of some tips are not reachable from the base or its upstream; `by` says how they landed."""

    count: int
    by: str | None = None


def ahead(git: Git, tips: list[str], bases: list[str]) -> Ahead:
    """Count the commits that only `tips` reach; where there are some, look whether their content landed."""
    count = int(git.ask("rev-list", "--count", *tips, "--not", *bases))
    if count == 0:
        return Ahead(0)
    ways = [_in_any(git, tip, bases) for tip in dict.fromkeys(tips) if _unreached(git, tip, bases)]
    return Ahead(count, ways[0] if ways and all(ways) else None)


def _unreached(git: Git, tip: str, bases: list[str]) -> bool:
    return bool(git.ask("rev-list", "-1", tip, "--not", *bases))


def _in_any(git: Git, tip: str, bases: list[str]) -> str | None:
    return next((way for base in bases if (way := _by_content(git, tip, base))), None)


def _by_content(git: Git, tip: str, base: str) -> str | None:
    fork = git.ask("merge-base", base, tip, allowed=(0, 1)).split("\n")[0]
    if not fork or not _within_bound(git, tip, base, fork):
        return None
    merges = git.ask("rev-list", "-1", "--merges", f"{fork}..{tip}")
    landed = _patches(git, f"{fork}..{base}")
    if not merges and _each_patch(git, tip, base, landed):
        return "patches"
    if _empty_commits(git, fork, tip):
        return None
    whole = _patch(git.ask("diff", *_AS_IT_IS, fork, tip))
    if whole and whole in landed:
        return "squash"
    return "content" if _merge_changes_nothing(git, tip, base, fork) else None


def _within_bound(git: Git, tip: str, base: str, fork: str) -> bool:
    return all(int(git.ask("rev-list", "--count", f"--max-count={BOUND + 1}", f"{fork}..{side}")) <= BOUND
               for side in (tip, base))  # fmt: skip


def _each_patch(git: Git, tip: str, base: str, landed: set[str]) -> bool:
    found = _patches(git, f"{base}..{tip}")
    return bool(found) and found <= landed


def _patches(git: Git, span: str) -> set[str]:
    """Return what each commit of a span does, merges left out; an empty one does nothing, which nothing equals.

    Every byte counts: `git cherry` and `git patch-id` take lines for equal that are indented otherwise.
    """
    out = git.ask("log", "-p", *_AS_IT_IS, "--no-merges", "--no-show-signature", "--format=%x01%H", span)
    entries = (entry.partition("\n") for entry in f"\n{out}".split("\n\x01")[1:])
    return {_patch(text) or sha for sha, _, text in entries}


def _patch(text: str) -> str:
    """Return a patch without where in the file it applies, and without the objects that it was made from.

    A binary patch may say no more than what to copy from the file before: there the objects count.
    """
    lines = text.strip("\n").split("\n")
    stay = (
        line
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
        if not line.startswith("index ") or after == "GIT binary patch"
    )
    return "\n".join("@@" if line.startswith("@@ ") else line for line in stay)


def _empty_commits(git: Git, fork: str, tip: str) -> bool:
    """An empty commit says something that no content can show to have landed."""
    out = git.ask(
        "log",
        "-z",
        "--no-merges",
        "--no-ext-diff",
        "--no-renames",
        "--ignore-submodules=none",
        "--format=%x01%H",
        "--name-only",
        f"{fork}..{tip}",
    )
    return any(not part.strip("\0\n") for part in (entry[40:] for entry in out.split("\x01") if entry))


def _merge_changes_nothing(git: Git, tip: str, base: str, fork: str) -> bool:
    """merge-tree yields the base's own tree, with no merge driver in play and something there to land."""
    paths = git.ask_fields("diff", *_AS_IT_IS[:3], "--ignore-submodules=none", "-z", "--name-only", fork, tip)
    if not paths or _has_driver(git, paths):
        return False
    # the tree of a merge that conflicts may well be the base's own (binary files)
    merged = trial.merge(git, base, tip, settings=trial.PLAIN)
    return merged.clean and merged.tree == git.ask("rev-parse", f"{base}^{{tree}}")


def _has_driver(git: Git, paths: list[str]) -> bool:
    data = "".join(f"{path}\0" for path in paths).encode("utf-8", "surrogateescape")
    fields = git.ask_fields("check-attr", "-z", "--stdin", "merge", data=data)
    return any(value not in ("unspecified", "set", "text") for value in fields[2::3])
