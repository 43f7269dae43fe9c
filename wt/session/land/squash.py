"""Step 8 with --squash: one commit on top of the base, instead of a merge."""

from __future__ import annotations

from wt.git import commits, refs
from wt.session.land import merge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.git.commits import Raw
    from wt.session.base import Base
    from wt.session.land.task import Task


def squashed(task: Task, base: Base) -> str:
    """Make of the slot's commits one on top of the base; returns it, or the base's tip where they change nothing in it."""
    git = task.git
    head = git.ask("rev-parse", "HEAD")
    if refs.is_ancestor(git, head, base.tip):
        return merge.merged(task, base)
    mine = git.ask("rev-list", "--reverse", "--no-merges", f"{base.tip}..{head}").split()
    originals = [commits.read(git, sha) for sha in mine]
    message = _message(task, base, originals)
    if (
        mine == [head]
        and originals[0].parents == [base.tip]
        and originals[0].message.strip() == message.strip()
    ):
        return head  # it is one commit on top of the base already
    if refs.is_ancestor(git, base.tip, head):
        tree = git.ask("rev-parse", f"{head}^{{tree}}")
    else:
        tree = merge.tree_with_base(task, base, head)
    new = base.tip
    if tree != git.ask("rev-parse", f"{base.tip}^{{tree}}"):
        new = commits.made(git, tree, [base.tip], message, _author(originals))
    return merge.arrived(task, base, head, new)


def _message(task: Task, base: Base, originals: list[Raw]) -> bytes:
    """What was given; else the only commit's own message; else the subjects of all, below one that says what this is."""
    given = task.wish.message or task.wish.squash_message
    if given is not None:
        text = _text("WIP via land" if given == "wip" else given)
    elif len(originals) == 1:
        return originals[0].message
    else:
        subjects = [one.message.strip().partition(b"\n")[0] for one in originals]
        text = _text(f"Squash {task.name} into {base.branch}\n\n") + b"".join(
            b"* %s\n" % one for one in subjects
        )
    return text.rstrip(b"\n") + b"\n" + _trailers(task, originals)


def _trailers(task: Task, originals: list[Raw]) -> bytes:
    """Everybody else whose work it is, where that is more than one's."""
    authors = dict.fromkeys(one.author[:2] for one in originals)
    if len(authors) < 2:
        return b""
    me = task.git.start("var", "GIT_AUTHOR_IDENT").answer().rpartition(b"> ")[0]
    others = [b"%s <%s" % author for author in authors]
    return b"\n" + b"".join(b"Co-authored-by: %s>\n" % other for other in others if other != me)


def _author(originals: list[Raw]) -> dict[str, str] | None:
    """The one author of all commits stays the author; of one commit the date stays, too."""
    authors = {one.author[:2] for one in originals}
    if len(authors) != 1 or not all(originals[0].author[:2]):
        return None
    name, mail, moment = originals[0].author
    env = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": mail}
    if len(originals) == 1:
        env["GIT_AUTHOR_DATE"] = b"@" + moment
    return {key: value.decode("utf-8", "surrogateescape") for key, value in env.items()}


def _text(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
