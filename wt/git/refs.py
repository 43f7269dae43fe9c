"""Refs: what they are, which commits they reach, and how ours are made, moved and deleted (always with an old value)."""

from __future__ import annotations

import os
import time

from wt import files
from wt.errors import GitError, UsageError, WtError, quoted
from wt.git import layout
from wt.model import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from wt.git.run import Git, Running

_PATIENCE, _POLL = 2.0, 0.005
SYNCED = ("-c", "core.fsync=all", "-c", "core.fsyncMethod=fsync")
OWN = ("refs/worktree/", "refs/bisect/", "refs/rewritten/")
# files but in a reftable; MERGE_HEAD and FETCH_HEAD are files there, too (gitglossary(7), pseudoref)
_ROOT_REFS = ("AUTO_MERGE", "BISECT_EXPECTED_REV", "CHERRY_PICK_HEAD", "MERGE_AUTOSTASH", "ORIG_HEAD", "REBASE_HEAD",
              "REVERT_HEAD")  # fmt: skip
OPERATION_REFS = ("ORIG_HEAD", "MERGE_HEAD", "MERGE_AUTOSTASH", "CHERRY_PICK_HEAD", "REVERT_HEAD")


@record
class Ref:
    """A ref, its object, and how its upstream stands to it (`upstream` empty without one)."""

    name: str
    sha: str
    upstream: str = ""
    ahead: bool = False
    behind: bool = False


def read_file(common: str, ref: str) -> str | None:
    """Return a ref's object id, without git being asked; None where it is symbolic, or absent."""
    found = read_loose(common, ref)
    return _read_packed(common, ref) if found is None and not layout.has_tables(common) else found


def read_loose(common: str, ref: str) -> str | None:
    """Return a ref's object id from its loose file or a reftable, None where it is packed, symbolic or absent: a hint, not a truth."""
    text = _own_text(common, ref)
    return text if layout.is_object_id(text) else None


def _own_text(git_dir: str, ref: str) -> str:
    """Return what the file of a ref says, or would say; empty where it is packed or absent."""
    text = files.read_text(f"{git_dir}/{ref}", 4096)
    if text is None and layout.has_tables(git_dir):
        from wt.git import reftable

        text = reftable.text(git_dir, ref)
    return (text or "").strip()


def _read_packed(common: str, ref: str) -> str | None:
    text = files.read_text(f"{common}/packed-refs", 1 << 28) or ""
    at = text.find(f" {ref}\n")
    line = text[text.rfind("\n", 0, at) + 1 : at] if at >= 0 else ""
    return line if layout.is_object_id(line) else None


def followed(common: str, branch: str) -> str:
    """Return the branch that a branch stands for: itself, unless it is a symbolic ref to another."""
    text = _own_text(common, f"refs/heads/{branch}")
    return text[16:] if text.startswith("ref: refs/heads/") else branch


def below(common: str, prefix: str) -> list[str]:
    """Return the names of the refs below a prefix (`refs/x/`), without git being asked."""
    if layout.has_tables(common):
        from wt.git import reftable

        return list(reftable.below(common, prefix))
    loose = [path[len(common) + 1 :] for path in files.plain_below(f"{common}/{prefix.rstrip('/')}")]
    packed = files.read_text(f"{common}/packed-refs", 1 << 28) or ""
    at = packed.find(f" {prefix}")
    lines = packed[packed.rfind("\n", 0, at) + 1 :].split("\n") if at >= 0 else []
    found = [name for line in lines if (name := line.partition(" ")[2]).startswith(prefix)]
    return list(dict.fromkeys(name for name in (*loose, *found) if not name.endswith(".lock")))


def is_any_below(common: str, prefix: str) -> bool:
    """Return whether there may be refs below a prefix, by the cheapest look at them; an empty directory counts."""
    if os.path.isdir(f"{common}/{prefix}"):
        return True
    if layout.has_tables(common):
        return bool(below(common, prefix))
    return f" {prefix}" in (files.read_text(f"{common}/packed-refs", 1 << 28) or "")


def refuse_old_git(common: str) -> None:
    """WtError where refs are kept as a reftable, and git is older than those."""
    if not layout.has_tables(common):
        return
    from wt.git.run import Git

    try:
        Git(common).ask("rev-parse", "--git-dir")
    except GitError as error:
        raise WtError(f"{common} keeps its refs as a reftable, which this git cannot read.",
                      "install git 2.45 or newer, then: git --version", details=error.details) from error  # fmt: skip


def list_refs(git: Git, *patterns: str) -> list[Ref]:
    """Return the refs that match (a whole name, or all below a prefix)."""
    return read_list(start_list(git, *patterns))


def start_list(git: Git, *patterns: str) -> Running:
    form = "--format=%(refname)%00%(objectname)%00%(upstream)%00%(upstream:track,nobracket)"
    return git.start("for-each-ref", form, *patterns)


def read_list(running: Running) -> list[Ref]:
    answer = running.answer().decode("utf-8", "surrogateescape")
    return [_parsed(line) for line in answer.split("\n") if line]


def _parsed(line: str) -> Ref:
    name, sha, upstream, track = line.split("\0")
    known = upstream if track != "gone" else ""
    return Ref(name, sha, known, "ahead" in track, "behind" in track)


def resolve(git: Git, revision: str) -> str:
    """Return the commit that a revision names; UsageError where it names none, a blob, or looks like an option."""
    try:
        return git.ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except GitError as error:
        raise UsageError(
            f"`{revision}` names no commit in {git.cwd}.",
            f"to see the branches: git -C {quoted(git.cwd)} branch -a",
        ) from error


def is_ancestor(git: Git, ancestor: str, descendant: str) -> bool:
    return ancestor == descendant or git.ask_ok("merge-base", "--is-ancestor", ancestor, descendant)


def is_reachable(git: Git, commit: str, *, besides: str = "", also: Iterable[str] = ()) -> bool:
    """Return whether any ref (`besides` one that is about to go), or a commit of `also`, reaches a commit."""
    exclude = [f"--exclude={besides}"] if besides else []
    return not git.ask("rev-list", "-1", commit, "--not", *also, *exclude, "--glob=refs/*")


def create(git: Git, ref: str, sha: str, message: str) -> None:
    """Create a ref that must not exist; GitError where it does, or where git could not make it beside the others."""
    git.do("update-ref", "--create-reflog", "-m", message, ref, sha, "0" * len(sha), env=_now())


def point(git: Git, ref: str, sha: str, message: str, options: tuple[str, ...] = ()) -> None:
    """Make a ref, or find it made, whose reflog says when that was; `options` are git's own, in front of the verb."""
    git.do(*options, "update-ref", "--create-reflog", "-m", message, ref, sha, env=_now())


def _now() -> dict[str, str]:
    # whatever the caller's environment says: an old entry is dropped by the next `git gc`
    return {"GIT_COMMITTER_DATE": f"@{int(time.time())} +0000"}


def made_at(common: str, ref: str) -> float | None:
    """Return when a ref was made, as far as its reflog goes back; None where it has none."""
    when = log(common, ref, 1 << 12).split("\n")[0].partition("\t")[0].rpartition("> ")[2]
    word = when.split(" ")[0]
    return float(word) if word.isascii() and word.isdigit() and len(word) < 12 else None


def log(git_dir: str, ref: str, limit: int = 1 << 22) -> str:
    """Return a ref's reflog in the form of its file, the oldest entry first, at most `limit` bytes of that; empty without one."""
    text = files.read_text(f"{git_dir}/logs/{ref}", limit)
    if text is None and layout.has_tables(git_dir):
        from wt.git import reftable

        text = reftable.log(git_dir, ref)
    return text or ""


def delete(git: Git, ref: str, expected: str) -> None:
    """Delete a ref that must still be at `expected`, never what it points to; GitError where it moved."""
    git.do("update-ref", "--no-deref", "-d", ref, expected)


def has_branch_config(common: str, branch: str) -> bool:
    """Return whether the shared config may have a `branch.<name>` section: cheap, and wrong only towards yes."""
    text = files.read_text(f"{common}/config", 1 << 22)
    return text is None or f'[branch "{branch}"]' in text or "\\" in text


def drop_branch_config(git: Git, branch: str) -> None:
    """Remove a branch's section of the shared config; GitError where that fails, fine where there is none."""
    try:
        git.do("config", "--local", "--remove-section", f"branch.{branch}")
    except GitError as error:
        if "no such section" not in error.stderr.lower():
            raise


def born_with(common: str, branch: str, nonce: str) -> bool:
    """Return whether a branch's reflog begins with our nonce, i.e. whether this very acquire made it."""
    return bool(nonce) and nonce in _birth(common, branch)


def born_without(common: str, branch: str, nonce: str) -> bool:
    """Return whether its reflog begins with the branch being made, and not by this acquire; one that has expired tells nothing."""
    birth = _birth(common, branch)
    return birth.startswith("0" * 40) and nonce not in birth


def _birth(common: str, branch: str) -> str:
    return log(common, f"refs/heads/{branch}", 1 << 16).split("\n", 1)[0]


def begin_head(git: Git, git_dir: str, common: str, sha: str) -> None:
    """Give the git dir of a new worktree its HEAD, a detached one; refs are kept in it as they are in its common dir."""
    if layout.has_tables(common):
        layout.be_tables(git_dir)
        detach_head(git, git_dir, sha)
    else:
        files.write_exclusive(f"{git_dir}/HEAD", f"{sha}\n")


def detach_head(git: Git, git_dir: str, sha: str) -> None:
    """Make HEAD a detached one at `sha`: no file of the worktree is looked at."""
    _write_head(git, git_dir, f"{sha}\n", ("update-ref", "--no-deref", "HEAD", sha))


def attach_head(git: Git, git_dir: str, branch: str) -> None:
    """Make HEAD point to a branch that exists, index and files untouched."""
    _write_head(git, git_dir, f"ref: refs/heads/{branch}\n", ("symbolic-ref", "HEAD", f"refs/heads/{branch}"))


def _write_head(git: Git, git_dir: str, text: str, fallback: tuple[str, ...]) -> None:
    """Write HEAD through HEAD.lock, git's own protocol for it; by git where HEAD is not a file (reftable)."""
    path = f"{git_dir}/HEAD"
    current = files.read_text(path, 4096)
    if current is None or layout.has_tables(git_dir):
        _at(git, git_dir).do(*SYNCED, *fallback)
        return
    if current == text:
        return
    _take_lock(f"{path}.lock", text)
    files.rename(f"{path}.lock", path)
    files.sync_directory(git_dir)


def _take_lock(path: str, text: str) -> None:
    """Wait as git does for one that is at work: the user's `git gc` locks each worktree's HEAD for a moment."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            files.write_exclusive(path, text)
        except FileExistsError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_POLL)
        else:
            return


def branch_of(git_dir: str) -> str | None:
    """Return the short name of the branch that HEAD is on, None if detached."""
    ref, _sha = layout.head(git_dir)
    return ref[11:] if ref and ref.startswith("refs/heads/") else None


def pseudo_ref(git_dir: str, name: str) -> list[str]:
    """Return the commits that a file like MERGE_HEAD names (an octopus merge names several)."""
    text = files.read_text(f"{git_dir}/{name}", 1 << 16)
    return [
        word for line in (text or "").split("\n") if layout.is_object_id(word := line.split("\t")[0].strip())
    ]


def of_worktree(git_dir: str) -> list[tuple[str, str]]:
    """Return name and commit of a worktree's own refs (`refs/worktree`, `refs/bisect`, `refs/rewritten`), which are never packed.

    With those of OPERATION_REFS that are in no files.
    """
    known = (*OPERATION_REFS, *OWN)
    there = in_tables(git_dir).items()
    found = [(ref, sha) for ref, sha in there if ref.startswith(known) and layout.is_object_id(sha)]
    for own in ("worktree", "bisect", "rewritten"):
        for directory, _names, plain in os.walk(f"{git_dir}/refs/{own}"):
            inside = directory[len(git_dir) + 1 :]
            for name in plain:
                found.extend((f"{inside}/{name}", sha) for sha in pseudo_ref(directory, name))
    return found


def exists_as_file(git_dir: str, name: str) -> bool:
    return os.path.lexists(f"{git_dir}/{name}")


def in_tables(git_dir: str) -> dict[str, str]:
    """Return a worktree's own refs but HEAD that a reftable holds, `CHERRY_PICK_HEAD` and `refs/bisect/bad`; none where refs are files."""
    if not layout.has_tables(git_dir):
        return {}
    from wt.git import reftable

    found = reftable.below(git_dir, *_ROOT_REFS, *OWN)
    return {ref: sha for ref, sha in found.items() if ref in _ROOT_REFS or ref.startswith(OWN)}


def has_own(git_dir: str, name: str) -> bool:
    """Return whether a worktree has a ref like `AUTO_MERGE`, which is a file or in a reftable."""
    return exists_as_file(git_dir, name) or bool(_own_text(git_dir, name))


def drop_own(git: Git, git_dir: str, names: Iterable[str]) -> None:
    """Remove those of a worktree's own refs that a reftable holds: by name, or all below `refs/bisect/`."""
    wanted = tuple(names)
    below = tuple(name for name in wanted if name.endswith("/"))
    gone = [ref for ref in in_tables(git_dir) if ref in wanted or ref.startswith(below)]
    lines = "".join(f"option no-deref\ndelete {ref}\n" for ref in gone)
    if lines:
        _at(git, git_dir).do("update-ref", "--stdin", data=lines.encode("utf-8", "surrogateescape"))


def _at(git: Git, git_dir: str) -> Git:
    """Return git at a git dir itself, wherever it lies and whether it has its files or not."""
    from wt.git.run import Git

    return Git(git_dir, git.keep, {**git.more, "GIT_DIR": git_dir})
