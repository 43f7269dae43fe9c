"""Sources with submodules, three levels deep, built from real repositories; and what must be true of a slot's."""

import os
import subprocess

from tests.support import gitrepo
from tests.support.gitrepo import git

FILE_OK = ("-c", "protocol.file.allow=always")
# what people call directories; the names that git knows them by are others
PATHS = ("plain", "with blank", "quo'te\"d", "libs/großes Ding", "deep/er/#;x")


def declare(repo, subs):
    """Write .gitmodules and gitlinks of {path: (name, url, commit, {more keys})}; those not named are taken out."""
    git(repo, "rm", "-rq", "--cached", "--ignore-unmatch", ".gitmodules", *_gitlinks(repo))
    if os.path.exists(f"{repo}/.gitmodules"):
        os.unlink(f"{repo}/.gitmodules")
    for path, (name, url, commit, more) in subs.items():
        for key, value in {"path": path, "url": url, **more}.items():
            for one in value if isinstance(value, list) else [value]:
                git(repo, "config", "--add", "-f", ".gitmodules", f"submodule.{name}.{key}", one)
        git(repo, "update-index", "--add", "--cacheinfo", f"160000,{commit},{path}")
    if subs:
        git(repo, "add", ".gitmodules")


def _gitlinks(repo):
    lines = git(repo, "ls-files", "-s", "-z").split("\0")
    return [line.split("\t", 1)[1] for line in lines if line.startswith("160000")]


def commit_index(repo, message):
    git(repo, "commit", "-q", "--allow-empty", "-m", message)
    return git(repo, "rev-parse", "HEAD")


class Nest:
    """`chains` submodules that each hold one that holds one: `source` pins them at tags one, two (all moved), three
    (every second one gone) and four (none). The count of submodules is three times that of chains."""

    def __init__(self, top, chains=1):
        self.top, self.chains = str(top), chains
        self.source = f"{self.top}/source"
        self.paths = [self._path(number) for number in range(chains)]
        tops = [self._chain(number) for number in range(chains)]
        gitrepo.make_repo(self.source, {"README": "hello\n", ".gitignore": "build/\n"})
        for tag, which, version in (("one", 1, 0), ("two", 1, 1), ("three", 2, 1), ("four", 0, 0)):
            subs: dict = {
                path: (f"name-{number}", self.url("outer", number), tops[number][version], {})
                for number, path in enumerate(self.paths)
                if which and number % which == 0
            }
            declare(self.source, subs)
            gitrepo.write(self.source, {"version": f"{tag}\n"})
            git(self.source, "add", "version")
            commit_index(self.source, tag)
            git(self.source, "tag", tag)
        git(self.source, "reset", "-q", "--hard", "two")

    def _path(self, number):
        plain = PATHS[number % len(PATHS)]
        return plain if number < len(PATHS) else f"{plain}{number}"

    def url(self, kind, number):
        return f"{self.top}/up/{kind}{number}"

    def _chain(self, number):
        """The commits of one outer submodule: with all below it at their first, and at their second, commit."""
        pins = self._versions(f"{self.top}/up/leaf{number}", None, None)
        for kind, below, path in (("inner", "leaf", "le af"), ("outer", "inner", "sub/inner")):
            pins = self._versions(self.url(kind, number), (path, self.url(below, number)), pins)
        return pins

    def _versions(self, repo, inside, pins):
        gitrepo.make_repo(repo, {"file": f"{os.path.basename(repo)} 0\n", ".gitignore": "build/\n"})
        found = []
        for version in (1, 2):
            gitrepo.write(repo, {"file": f"{os.path.basename(repo)} {version}\n"})
            git(repo, "add", "file")
            if inside:
                declare(repo, {inside[0]: ("the inner", inside[1], pins[version - 1], {})})
            found.append(commit_index(repo, f"version {version}"))
        return found

    def check_out(self):
        """Have the source's own checkout of them all, as `git clone --recurse-submodules` would."""
        git(self.source, *FILE_OK, "submodule", "--quiet", "update", "--init", "--recursive")

    def bare_mirrors(self):
        """`<base>/up/<repo>.git` of every upstream repository."""
        base = f"{self.top}/mirrors"
        for name in os.listdir(f"{self.top}/up"):
            git(self.top, "clone", "-q", "--mirror", f"up/{name}", f"{base}/up/{name}.git")
        return base


def stores(admin):
    """Every store below an admin dir, by its files."""
    found = []
    for directory, names, plain in os.walk(f"{admin}/modules"):
        if "HEAD" in plain and "objects" in names:
            found.append(directory)
            names[:] = [name for name in names if name == "modules"]
    return sorted(found)


def worktree_of(store):
    """core.worktree of a store, read from the file, as an absolute path; None where it has none."""
    done = subprocess.run(
        ["git", "config", "-f", f"{store}/config", "core.worktree"], capture_output=True, text=True
    )
    return os.path.normpath(os.path.join(store, done.stdout.rstrip("\n"))) if done.returncode == 0 else None


def checked_out(path):
    """{path in the slot: commit} of every submodule that is checked out, as git sees it."""
    found = {}
    for line in git(path, "ls-files", "-s", "-z").split("\0"):
        if line.startswith("160000"):
            inner = line.split("\t", 1)[1]
            if os.path.lexists(f"{path}/{inner}/.git"):
                found[inner] = git(f"{path}/{inner}", "rev-parse", "HEAD")
                found.update({f"{inner}/{one}": sha for one, sha in checked_out(f"{path}/{inner}").items()})
    return found


def wanted(repo, commit, where=None):
    """{path: pin} of what a commit has, the nested ones included; `where` tells where a submodule's objects are."""
    found = {}
    for line in git(repo, "ls-tree", "-r", "-z", commit).split("\0"):
        if line.startswith("160000"):
            meta, path = line.split("\t", 1)
            pin = meta.split(" ")[2]
            found[path] = pin
            name = next(
                key[len("submodule.") : -len(".path")]
                for key, _, value in (
                    one.partition("\n")
                    for one in git(repo, "config", "-z", "--blob", f"{commit}:.gitmodules", "--list").split(
                        "\0"
                    )
                )
                if key.endswith(".path") and value == path
            )
            url = git(repo, "config", "--blob", f"{commit}:.gitmodules", f"submodule.{name}.url")
            found.update({f"{path}/{one}": sha for one, sha in wanted(url, pin).items()})
    return found


def findings(path, admin, name):
    """What is wrong with a slot's submodules: status, branch, links, read from the files."""
    found = [f"not clean: {line}" for line in git(path, "status", "--porcelain").splitlines()]
    for inner in checked_out(path):
        top = f"{path}/{inner}"
        left = git(top, "status", "--porcelain")
        found += [f"{inner} is not clean: {left}"] if left else []
        head = subprocess.run(
            ["git", "-C", top, "symbolic-ref", "-q", "HEAD"], capture_output=True, text=True
        )
        if head.stdout.strip() != (f"refs/heads/{name}" if name else ""):
            found.append(f"{inner} is on {head.stdout.strip() or 'no branch'}")
        if name is None and (branches := git(top, "for-each-ref", "refs/heads")):
            found.append(f"{inner} still has {branches}")
    for store in stores(admin):
        at = worktree_of(store)
        if at is not None and not os.path.isfile(f"{at}/.git"):
            found.append(f"core.worktree of {store} leads to {at}")
        elif at is not None:
            with open(f"{at}/.git", encoding="utf-8") as file:
                back = os.path.normpath(os.path.join(at, file.read().removeprefix("gitdir: ").rstrip("\n")))
            found += [] if back == store else [f"{at} names {back}, not {store}"]
    return found
