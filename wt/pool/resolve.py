"""Step 1 of acquire: which commit is meant, and whether the branch could be made. Nothing is touched."""

from __future__ import annotations

from wt.errors import UsageError, WtError, again, operand, quoted
from wt.git import refs
from wt.git.layout import is_object_id
from wt.model import record, replaced
from wt.pool import names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.git.run import Running
    from wt.pool.acquire import Restoring
    from wt.pool.location import Pool

_HOOKS_FILE = ".wt-hooks.sh"


@record
class Target:
    """The commit of an acquire, and whether the branch of the name is there already (then it is taken up).

    `upstream` is the remote-tracking branch that a new branch begins at and follows; `exclude` are the tags of the
    submodules to be left out. `branch` is set where HEAD is to be detached at the commit, with the branch elsewhere, as
    it was when it was set aside. `hooks` is `none` where the commit is known to have no hooks file.
    """

    sha: str
    adopted: bool = False
    upstream: str = ""
    exclude: tuple[str, ...] = ()
    branch: str = ""
    hooks: str = ""
    restoring: Restoring | None = None


@record
class Question:
    """What git was asked about a name and a commit; both processes are under way, so that others can start beside them."""

    name: str
    wanted: str | None
    adopt: bool
    above: tuple[str, ...]
    objects: Running
    listing: Running


def ask(pool: Pool, name: str, commit: str | None, *, adopt: bool) -> Question:
    """Begin to find out what an acquire of `name` starts from."""
    if adopt and commit is not None:
        raise UsageError(
            "`--adopt` takes a branch up where it is; it goes with no commit.",
            again("to take it up", {"--adopt": None}, without=("--from", "--commit")),
        )
    if commit is not None and not (commit.isprintable() and commit):
        raise UsageError(
            "The commit's name holds characters that no revision has.",
            f"to see the branches: git -C {quoted(pool.config.source)} branch -a",
        )
    git = pool.git()
    start = commit or _default(pool)
    above = _above(name)
    objects = git.start(
        "cat-file", "--batch-check=%(objectname)", data=_questions(start, above, name if adopt else None)
    )
    listing = refs.start_list(git, f"refs/heads/{pool.config.base}", f"refs/heads/{name}")
    return Question(name, commit, adopt, tuple(above), objects, listing)


def target(pool: Pool, asked: Question, tell: Callable[[str], None]) -> Target:
    """Return what the acquire starts from; WtError where the branch is in the way."""
    listed = refs.read_list(asked.listing)
    answers = asked.objects.answer().decode("utf-8", "replace").rstrip("\n").split("\n")
    there = [name for name, answer in zip(asked.above, answers[1:], strict=False) if is_object_id(answer)]
    _refuse_clash(asked.name, {ref.name for ref in listed}, there)
    branch = next((ref for ref in listed if ref.name == f"refs/heads/{asked.name}"), None)
    if asked.adopt and branch is None:
        return _of_remote(pool, asked.name)
    if branch is not None:
        sha = _adopted(branch, adopt=asked.adopt)
        return Target(sha, adopted=True, hooks=_hooks(answers, sha))
    if not is_object_id(answers[0]):
        if asked.wanted is None:
            raise _unfit(pool)
        raise UsageError(
            f"`{asked.wanted}` names no commit in {pool.config.source}.",
            f"to see the branches: git -C {quoted(pool.config.source)} branch -a",
        )
    base = next((ref for ref in listed if ref.name == f"refs/heads/{pool.config.base}"), None)
    is_auto = asked.wanted is None and pool.config.default_commit == "auto"
    newer = _newer(pool, base, tell) if is_auto else None
    return newer or Target(answers[0], hooks=_hooks(answers, answers[0]))


def default_commit(pool: Pool, tell: Callable[[str], None]) -> str:
    """Return what an acquire that names no commit starts from now; WtError where the config names none."""
    start, newer = _default(pool), None
    if pool.config.default_commit == "auto":
        found = next((ref for ref in refs.list_refs(pool.git(), start) if ref.name == start), None)
        newer = _newer(pool, found, tell)
    try:
        return newer.sha if newer is not None else refs.resolve(pool.git(), start)
    except UsageError as error:
        raise _unfit(pool) from error


def _default(pool: Pool) -> str:
    wanted = pool.config.default_commit
    return f"refs/heads/{pool.config.base}" if wanted == "auto" else wanted


def _unfit(pool: Pool) -> WtError:
    """Return the error of a config whose own commit is none: no call can mend that."""
    key = "base" if pool.config.default_commit == "auto" else "default_commit"
    path = f"{pool.root}/.meta/config.yaml"
    return WtError(f"{path}: `{key}` is `{getattr(pool.config, key)}`, which names no commit in {pool.config.source}.",
                   f"to mend it: ${{EDITOR:-vi}} {quoted(path)}")  # fmt: skip


def restored(found: Target, wish: Restoring) -> Target:
    """Return the target of a restore; WtError where a branch that is there already has moved away."""
    found = replaced(found, restoring=wish)
    if not wish.head:  # nothing but work in submodules is kept
        return found
    if found.sha != wish.branch:
        raise WtError("The branch moved meanwhile; nothing was touched.", "to see what is kept: wt restore")
    return found if wish.head == wish.branch else replaced(found, sha=wish.head, branch=wish.branch, hooks="")


def _questions(start: str, above: list[str], adopted: str | None) -> bytes:
    """The commit, the branches above, and last the hooks file: whoever has none pays no process of its own for it.

    Around it is asked what it was read from, for a branch may move between two questions.
    """
    commit = f"{start}^{{commit}}"
    subject = commit if adopted is None else f"refs/heads/{adopted}^{{commit}}"
    lines = [commit, *(f"refs/heads/{name}" for name in above), subject, f"{subject}:{_HOOKS_FILE}", subject]
    return "\n".join(lines).encode("utf-8", "surrogateescape") + b"\n"


def _hooks(answers: list[str], sha: str) -> str:
    """Return `none` where a commit has no hooks file; git misreads a path behind a revision with lone braces in it."""
    before, found, after = answers[-3:]
    known = (
        before == after == sha and found.endswith("}:" + _HOOKS_FILE + " missing") and found.count("{") == 1
    )
    return "none" if known else ""


def _above(name: str) -> list[str]:
    """Return the branch names that would make `name` impossible: `a` and `a/b` for `a/b/c`."""
    parts = name.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def _refuse_clash(name: str, listed: set[str], above: list[str]) -> None:
    below = sorted(ref for ref in listed if ref.startswith(f"refs/heads/{name}/"))
    clash = above[0] if above else below[0][11:] if below else None
    if clash is not None:
        raise WtError(
            f"The branch `{name}` cannot be made beside the branch `{clash}`: git keeps one as a file, the other as a directory.",
            again("to choose another name", words={name: name.replace("/", "-") if above else f"{name}-2"}),
        )


def _adopted(branch: refs.Ref, *, adopt: bool) -> str:
    if not adopt:
        raise exists(branch.name[11:])
    return branch.sha


def exists(name: str) -> WtError:
    return WtError(
        f"The branch `{name}` exists already; nothing was touched.",
        again(
            "to take it up where it is",
            {"--adopt": None},
            without=("--from", "--commit"),
            otherwise=f"wt new --adopt {operand(name)}",
        ),
    )


def _of_remote(pool: Pool, name: str) -> Target:
    """Return where a new branch begins that follows the one remote which has it."""
    git = pool.git()
    wanted = {f"refs/remotes/{remote}/{name}" for remote in git.ask("remote").split("\n") if remote}
    found = [ref for ref in refs.list_refs(git, *wanted) if ref.name in wanted] if wanted else []
    if not found:
        raise WtError(f"No branch is called `{name}`, here or on a remote as last fetched; nothing was touched.",
                      again("to begin it", without=("--adopt",)))  # fmt: skip
    if len(found) > 1:
        listed = " and ".join(ref.name[13:] for ref in found)
        raise WtError(f"Several remotes have the branch `{name}`: {listed}; nothing was touched.",
                      f"to begin it at one of them: wt new --pool {quoted(pool.key)} {quoted(name)} --from {quoted(found[0].name[13:])}")  # fmt: skip
    names.check_name(name, pool.config)  # it will be a new branch here
    return Target(found[0].sha, upstream=found[0].name[13:])


def _newer(pool: Pool, base: refs.Ref | None, tell: Callable[[str], None]) -> Target | None:
    """Return the upstream's commit where it contains the base; the base where they have diverged, with a warning."""
    if base is None or not base.upstream or not base.behind:
        return None
    if base.ahead:
        tell(f"`{pool.config.base}` and its upstream have diverged; starting from `{pool.config.base}`.")
        return None
    questions = _questions(base.upstream, [], None)
    answers = pool.git().ask("cat-file", "--batch-check=%(objectname)", data=questions).split("\n")
    if not is_object_id(answers[0]):
        raise WtError(f"`{base.upstream}` is gone meanwhile; nothing was touched.", again("to try again"))
    return Target(answers[0], hooks=_hooks(answers, answers[0]))
