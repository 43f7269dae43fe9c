"""Commits as git stores them, made anew with other parents or another tree: author, encoding and message stay as they were.

The bytes are git's own (gitformat: `tree`, `parent`…, `author`, `committer`, further headers, blank line, message), so
that a name or an encoding that today's git would not accept again survives.
"""

from __future__ import annotations

from wt.git.run import Git
from wt.model import record

_NOBODY = {f"GIT_{role}_{field}": value for role in ("AUTHOR", "COMMITTER")
           for field, value in (("NAME", "wt"), ("EMAIL", "wt@localhost"), ("DATE", "@0 +0000"))}  # fmt: skip
_SIGNATURES = (b"gpgsig", b"gpgsig-sha256")


@record
class Raw:
    """One commit: its headers in their order (continuation lines joined by a newline), and its message."""

    headers: tuple[tuple[bytes, bytes], ...]
    message: bytes

    def first(self, key: bytes) -> bytes:
        return next((value for name, value in self.headers if name == key), b"")

    @property
    def tree(self) -> str:
        return self.first(b"tree").decode()

    @property
    def parents(self) -> list[str]:
        return [value.decode() for name, value in self.headers if name == b"parent"]

    @property
    def signed(self) -> bool:
        return any(name in _SIGNATURES for name, _value in self.headers)

    @property
    def author(self) -> tuple[bytes, bytes, bytes]:
        """Name, mail, and the moment as git writes it (`1700000000 +0100`)."""
        name, _, rest = self.first(b"author").partition(b" <")
        mail, _, moment = rest.rpartition(b"> ")
        return name, mail, moment


def read(git: Git, sha: str) -> Raw:
    return parse(git.start("cat-file", "commit", sha).answer())


def parse(data: bytes) -> Raw:
    head, _, message = data.partition(b"\n\n")
    headers: list[tuple[bytes, bytes]] = []
    for line in head.split(b"\n"):
        if line.startswith(b" ") and headers:
            name, value = headers[-1]
            headers[-1] = name, value + b"\n" + line[1:]
        else:
            name, _, value = line.partition(b" ")
            headers.append((name, value))
    return Raw(tuple(headers), message)


def reparented(git: Git, old: Raw, tree: str, parents: list[str], *, message: bytes | None = None) -> str:
    """Store a commit with another tree and other parents, all else as it was, the committer too; a signature goes."""
    return _store(
        git, old, old.first(b"committer"), tree, parents, old.message if message is None else message
    )


def replayed(git: Git, old: Raw, tree: str, parent: str, *, sign: bool) -> str:
    """Store a commit as a rebase would: the author's work and words, committed now by whoever asks for it."""
    if sign:
        env = {
            "GIT_AUTHOR_NAME": old.author[0],
            "GIT_AUTHOR_EMAIL": old.author[1],
            "GIT_AUTHOR_DATE": b"@" + old.author[2],
        }
        coding = old.first(b"encoding").decode("ascii", "replace")
        return Git(git.cwd, more=git.more).do(
            *(("-c", f"i18n.commitEncoding={coding}") if coding else ()),
            "commit-tree", "-S", "-p", parent, "-F", "-", tree, data=old.message,
            env={name: value.decode("utf-8", "surrogateescape") for name, value in env.items()},
        )  # fmt: skip
    return _store(
        git, old, git.start("var", "GIT_COMMITTER_IDENT").answer().rstrip(b"\n"), tree, [parent], old.message
    )


def _store(git: Git, old: Raw, committer: bytes, tree: str, parents: list[str], message: bytes) -> str:
    kept = [(name, value) for name, value in old.headers
            if name not in (b"tree", b"parent", b"author", b"committer", *_SIGNATURES)]  # fmt: skip
    headers = [(b"tree", tree.encode()), *((b"parent", parent.encode()) for parent in parents),
               (b"author", old.first(b"author")), (b"committer", committer), *kept]  # fmt: skip
    lines = b"".join(name + b" " + value.replace(b"\n", b"\n ") + b"\n" for name, value in headers)
    return git.do("hash-object", "-t", "commit", "-w", "--stdin", data=lines + b"\n" + message)


def wants_signing(git: Git) -> bool:
    """Whether the user has every commit signed (commit.gpgSign); what land commits is signed like the rest, then."""
    return git.ask("config", "--type=bool", "--default=false", "--get", "commit.gpgSign") == "true"


def made(git: Git, tree: str, parents: list[str], message: bytes, env: dict[str, str] | None = None) -> str:
    """Store a new commit by the user, signed where every commit is.

    A signing agent may outlive us: it gets none of our mutexes, which guard refs and files, and this writes objects.
    """
    sign = wants_signing(git)
    flags = [word for parent in parents for word in ("-p", parent)]
    where = Git(git.cwd, more=git.more) if sign else git
    return where.do("commit-tree", *(["-S"] if sign else []), *flags, "-F", "-", tree, data=message, env=env)


def stone(git: Git, tree: str, *parents: str) -> str:
    """Store a commit that no branch will keep: files to step on between two others, or a merge base to be had."""
    flags = [word for parent in parents for word in ("-p", parent)]
    return git.do("commit-tree", *flags, "-m", "a step of wt land", tree, env=_NOBODY)
