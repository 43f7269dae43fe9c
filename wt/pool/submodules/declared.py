"""What a commit declares: its .gitmodules, and the gitlinks that this names. Read from objects, never from the files."""

from __future__ import annotations

from wt.errors import GitError, WtError, quoted
from wt.model import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from wt.git.run import Git

_TAG = "worktreepooltag"
_OURS = "worktreepool"
_FALSE = ("false", "no", "off", "0")


@record
class Declared:
    """One submodule of a commit: `pin` is the commit recorded for it, `url` the URL as declared."""

    name: str
    path: str
    url: str
    pin: str
    tags: tuple[str, ...] = ()
    update: str = ""
    shallow: bool = False


def read(git: Git, commit: str) -> list[Declared]:
    """Return the submodules that a commit has and declares; WtError where a declaration must not be followed."""
    values = settings(git, commit)
    paths = {one["path"][-1]: (name, one) for name, one in values.items() if one.get("path")}
    pins = _pins(git, commit, [path for path in paths if _is_plain(path)])
    found = [_made(*paths[path], path, pin) for path, pin in pins.items()]
    _refuse_nested_stores(found)
    return found


def settings(git: Git, commit: str) -> dict[str, dict[str, list[str]]]:
    """Return each declared name's keys (in lower case) and values; empty where the commit has no .gitmodules."""
    blob = f"{commit}:.gitmodules"
    listed = git.start("config", "--null", "--list", "--no-includes", "--blob", blob)
    entry = git.ask("ls-tree", "-z", "--full-tree", commit, "--", ".gitmodules")
    if not entry:
        listed.abandon()
        return {}
    if not entry.startswith("100"):
        listed.abandon()
        raise WtError(f".gitmodules of {commit[:12]} is no plain file; its submodules were not touched.",
                      f"to see it: git -C {quoted(git.cwd)} ls-tree {commit} .gitmodules")  # fmt: skip
    found: dict[str, dict[str, list[str]]] = {}
    for line in listed.answer().decode("utf-8", "surrogateescape").split("\0"):
        key, _, value = line.partition("\n")
        section, _, rest = key.partition(".")
        name, _, word = rest.rpartition(".")
        if section == "submodule" and name:
            found.setdefault(name, {}).setdefault(word, []).append(value)
    return found


def _is_plain(path: str) -> bool:
    return not {"", ".", ".."}.intersection(path.split("/"))


def _pins(git: Git, commit: str, paths: list[str]) -> dict[str, str]:
    """Return the recorded commit of each path that is a gitlink."""
    if not paths:
        return {}
    found = {}
    for line in git.ask_fields("ls-tree", "-z", "--full-tree", commit, "--", *paths):
        meta, _, path = line.partition("\t")
        mode, _kind, sha = meta.split(" ")
        if mode == "160000":
            found[path] = sha
    return found


def _made(name: str, values: dict[str, list[str]], path: str, pin: str) -> Declared:
    url, update = values.get("url", [""])[-1], values.get("update", [""])[-1]
    if ".." in name.replace("\\", "/").split("/") or name.startswith("/"):
        raise _refused(name, "its name leads out of the repository")
    if not _is_plain(name):  # it would share its repository with another name
        raise _refused(name, "its name is no plain path")
    if not url:
        raise _refused(name, "it has no URL")
    if url.startswith("-") or path.startswith("-"):
        raise _refused(name, "its URL or path looks like an option")
    if update.startswith("!"):
        raise _refused(name, f"its `update` is a command (`{update}`), which a repository may not choose")
    tags = tuple(values.get(_TAG, ()))
    return Declared(name, path, url, pin, tags, update, values.get("shallow", [""])[-1].lower() in ("true", "yes", "1", "on"))  # fmt: skip


def _refused(name: str, why: str) -> WtError:
    return WtError(f"The submodule `{name}` is refused: {why}.", "to see it: git show HEAD:.gitmodules")


def _refuse_nested_stores(found: list[Declared]) -> None:
    """A store inside another store would be that one's own data (git 2.45 refuses it, too)."""
    names = sorted(one.name for one in found)
    for name in names:
        inside = next((other for other in names if other.startswith(f"{name}/")), None)
        if inside is not None:
            raise _refused(inside, f"its repository would lie inside that of `{name}`")


@record
class Report:
    """`worktree-pool validate-gitmodules`: the commit read (None without the file), tags by name, keys that are not ours."""

    gitmodules: str | None
    tags: dict[str, list[str]]
    unknown_keys: list[str]


def validate(git: Git, commit: str) -> Report:
    """Look at the keys that begin with worktreePool; GitError where the file cannot be read as a config."""
    values = settings(git, commit)
    if not values and not git.ask("ls-tree", "-z", "--full-tree", commit, "--", ".gitmodules"):
        return Report(None, {}, [])
    tags = {name: one[_TAG] for name, one in values.items() if _TAG in one}
    unknown = [
        f"submodule.{name}.{key}"
        for name, one in values.items()
        for key in one
        if key.startswith(_OURS) and key != _TAG
    ]
    return Report(commit, tags, unknown)


def configured(git: Git) -> dict[str, list[str]]:
    """Return what the user's own configuration says of submodules and of this repository's origin."""
    pattern = r"^(remote\.origin\.url|submodule\.active|submodule\..*\.(url|update|active))$"
    found: dict[str, list[str]] = {}
    try:
        out = git.ask("config", "--null", "--get-regexp", pattern, allowed=(0, 1))
    except GitError:
        return found
    for line in out.split("\0"):
        key, _, value = line.partition("\n")
        found.setdefault(key, []).append(value)
    return found


def inactive(git: Git, commit: str, subs: list[Declared], own: dict[str, list[str]]) -> set[str]:
    """Return the names of those that git would not update: `update = none`, or not active (gitsubmodules(7))."""
    matched = _matched(git, commit, subs, own.get("submodule.active", []))
    found = set()
    for sub in subs:
        active = own.get(f"submodule.{sub.name}.active", [""])[-1].lower()
        update = own.get(f"submodule.{sub.name}.update", [sub.update])[-1]
        chosen = active not in _FALSE if f"submodule.{sub.name}.active" in own else sub.path in matched
        found.update([sub.name] if update == "none" or not chosen else [])
    return found


def _matched(git: Git, commit: str, subs: list[Declared], patterns: list[str]) -> set[str]:
    """Return the paths of those that match `submodule.active`; all of them where that says nothing."""
    if not patterns or "." in patterns:
        return {sub.path for sub in subs}
    nothing = git.ask("hash-object", "-t", "tree", "/dev/null")
    return set(git.ask_fields("diff-tree", "-r", "-z", "--name-only", nothing, commit, "--", *patterns))
