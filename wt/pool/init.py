"""init: a pool's config, and nothing left behind where that fails (contract section 6)."""

from __future__ import annotations

import os

from wt import files
from wt.errors import UsageError, WtError, again, quoted
from wt.git import layout, refs, worktrees
from wt.git.run import Git
from wt.model import Config, record
from wt.pool import config as config_file
from wt.pool import location, names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from wt.model import Layout

# A build that keys its caches by absolute path wants slots that never move; the first file found decides.
_PATH_KEYED = ("Cargo.toml", "CMakeLists.txt", "go.mod", "pyproject.toml", "setup.py", "requirements.txt",
               "ProjectSettings/ProjectVersion.txt", "build.gradle", "build.gradle.kts", "meson.build", "WORKSPACE",
               "MODULE.bazel")  # fmt: skip
_NETWORK = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "9p", "fuse.sshfs", "webdav", "afs", "ceph")
)


@record
class Wish:
    """What the caller of init asks for; what is None is taken from the source."""

    source: str
    max_slots: int = 16
    groups: tuple[str, ...] = ()
    default_commit: str = "auto"
    base: str | None = None
    layout: Layout | None = None
    mirror_mode: str | None = None
    mirror_base: str | None = None
    allow_network_fs: bool = False


def init(root: str, key: str, wish: Wish, tell: Callable[[str], None]) -> Config:
    """Make a pool; WtError or UsageError before anything is written."""
    names.check_key(key)
    location.check_root(root)
    names.check_groups(wish.groups)
    if wish.max_slots < 1:
        raise UsageError(
            f"--max-slots is {wish.max_slots}; a pool needs one slot at least.",
            again("e.g.", {"--max-slots": "16"}),
        )
    if (wish.mirror_mode is None) != (wish.mirror_base is None):
        raise UsageError(
            "--submodule-mirror-mode and --submodule-mirror-base go together.", "worktree-pool init --help"
        )
    place = _source(wish.source)
    _refuse_initialised(root, key)
    _refuse_odd_refs(place)
    _refuse_mirror(place)
    base = wish.base or _base(place)
    if not Git(place.common).ask_ok("show-ref", "--verify", "--quiet", f"refs/heads/{base}"):
        raise WtError(f"The source {wish.source} has no branch `{base}` to be the base.",
                      f"to see its branches: git -C {quoted(wish.source)} branch")  # fmt: skip
    config = Config(
        pool_id=_pool_id(), source=place.top or place.git_dir, base=base, max_slots=wish.max_slots,
        default_commit=_default_commit(place, wish.default_commit), groups=wish.groups,
        layout=wish.layout or _layout(place, base, tell), submodule_mirror_mode=wish.mirror_mode,
        submodule_mirror_base=wish.mirror_base and os.path.abspath(wish.mirror_base),
    )  # fmt: skip
    _write(root, key, config, network=wish.allow_network_fs)
    return config


def init_at(pool_root: str, source: str, max_slots: int) -> Config:
    """Make the pool of a library at a directory of any name, over any repository that has a commit.

    Its slots are `stable`, and clean when acquired; a base branch is not needed, for nothing lands from it. Submodules
    come from the source's own clones where it has them.
    """
    place = _source(source)
    _refuse_odd_refs(place)
    _refuse_mirror(place)
    try:
        base = _base(place)
    except WtError:  # a checkout of a build server's: a detached HEAD and no branch
        base = "main"
    where = place.top or place.git_dir
    mode, mirror = ("git-modules", where) if os.path.isdir(f"{place.common}/modules") else (None, None)
    config = Config(pool_id=_pool_id(), source=where, base=base, max_slots=max_slots, layout="stable", recycle="clean",
                    submodule_mirror_mode=mode, submodule_mirror_base=mirror)  # fmt: skip
    root, key = os.path.split(pool_root)
    _refuse_working_tree(pool_root)
    try:
        files.ensure_directory(root)
        _write(root, key, config, network=False)
    except OSError as error:
        raise WtError(
            f"The pool {pool_root} could not be made: {error.strerror}.", f"to look: ls -ld {quoted(root)}"
        ) from error
    except WtError:
        path = location.config_path(root, key)
        if not os.path.lexists(path):
            raise
        return config_file.load(path)  # another process was as quick
    return config


def _refuse_working_tree(pool_root: str) -> None:
    """A `git clean` in the working tree around it would remove a pool's config, and `git add` take its slots up."""
    place = layout.find(pool_root)
    if place is None or place.top is None:
        return
    inside = os.path.relpath(os.path.realpath(pool_root), place.top)
    if inside == ".":
        raise WtError(
            f"{pool_root} is a working tree itself and cannot be a pool.",
            f"to see it: git -C {quoted(place.top)} status",
        )
    if not Git(place.top).ask_ok("check-ignore", "-q", "--", f"{inside}/.meta"):
        raise WtError(
            f"{pool_root} is in the working tree of {place.top}, where git does not ignore it: `git clean` would remove it.",
            f"to let it be there: echo {quoted(f'/{inside}/')} >>{quoted(f'{place.common}/info/exclude')}",
        )


def _pool_id() -> str:
    """A letter first: YAML takes a run of digits, or digits around an e, for a number."""
    return f"p{os.urandom(8).hex()}"


def _source(path: str) -> layout.Place:
    expanded = os.path.abspath(os.path.expanduser(path))
    place = layout.at(os.path.realpath(expanded)) or layout.find(expanded)
    if place is None or not os.path.isdir(expanded):
        how = (
            f"to have it here: git clone {quoted(path)}"
            if "://" in path
            else f"to make it one: git init {quoted(path)}"
        )
        raise WtError(f"{path} is no git repository.", how)
    if layout.is_slot(place):
        raise WtError(
            f"{path} is a slot of a pool; a pool over a slot would be lost with it.",
            f"to make one over its source: wt init {quoted(_source_of(place))}",
        )
    return place


def _source_of(slot: layout.Place) -> str:
    return worktrees.list_all(slot.common)[0].path or slot.common


def _refuse_initialised(root: str, key: str) -> None:
    path = location.config_path(root, key)
    if os.path.lexists(path):
        whose = config_file.load(path).source
        raise WtError(f"The pool `{key}` is initialised already, over {whose}; its config is unchanged.",
                      f"to look at it: cat {quoted(path)}")  # fmt: skip


def _refuse_mirror(place: layout.Place) -> None:
    """A mirror's `fetch --prune` deletes every local branch that the remote does not have: held ones, too."""
    git = Git(place.common)
    out = git.ask("config", "--null", "--get-regexp", r"^remote\..*\.fetch$", allowed=(0, 1))
    for entry in out.split("\0"):
        name, _, refspec = entry.partition("\n")
        to = refspec.partition(":")[2]
        if to == "refs/*" or (to.startswith("refs/heads/") and to.endswith("*")):
            remote = name[len("remote.") : -len(".fetch")]
            where = quoted(place.top or place.git_dir)
            raise WtError(
                f"The source {where} is a mirror (`{refspec}`): its `fetch --prune` would delete held branches.",
                f"git -C {where} config --replace-all {quoted(f'remote.{remote}.fetch')} {quoted(f'+refs/heads/*:refs/remotes/{remote}/*')}",
                f"git -C {where} config --replace-all {quoted(f'remote.{remote}.mirror')} false",
            )


def _refuse_odd_refs(place: layout.Place) -> None:
    """Files and reftables are looked for where the repository is; git 2.54 can keep them elsewhere."""
    refs.refuse_old_git(place.common)
    kind = Git(place.common).ask("config", "--get", "extensions.refstorage", allowed=(0, 1))
    if kind not in ("", "files", "reftable"):
        raise WtError(f"The source keeps its refs as `{kind}`, which pools cannot serve.",
                      f"to see that: git -C {quoted(place.top or place.git_dir)} config extensions.refstorage")  # fmt: skip


def _base(place: layout.Place) -> str:
    """The remote's default branch; else main or master; else the branch that the source is on."""
    git = Git(place.common)
    known = {
        ref[11:] for ref in git.ask("for-each-ref", "--format=%(refname)", "refs/heads/").split("\n") if ref
    }
    remote = git.ask("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD", allowed=(0, 1, 128))
    named = remote.removeprefix("refs/remotes/origin/")
    for name in (named, "main", "master", refs.branch_of(place.common), refs.branch_of(place.git_dir)):
        if name and name in known:
            return name
    where = place.top or place.git_dir
    if not known:
        raise WtError(f"The source {where} has no branch that could be the base: it has no commit yet.",
                      f"to make a first one: git -C {quoted(where)} commit --allow-empty -m first")  # fmt: skip
    raise WtError(f"The source {where} has no branch that could be the base: its HEAD is on none, and none is called main or "
                  "master.", again("to name one", {"--base": min(known)}))  # fmt: skip


def _default_commit(place: layout.Place, wanted: str) -> str:
    if wanted != "auto":
        refs.resolve(Git(place.common), wanted)
    return wanted


def _layout(place: layout.Place, base: str, tell: Callable[[str], None]) -> Layout:
    tracked = Git(place.common).ask_fields(
        "ls-tree", "-z", "--name-only", "--full-tree", f"refs/heads/{base}", "--", *_PATH_KEYED
    )
    if not tracked:
        return "rename"
    tell(
        f"layout stable: {tracked[0]} belongs to a build that keys its caches by path (--layout rename overrides)."
    )
    return "stable"


def _write(root: str, key: str, config: Config, *, network: bool) -> None:
    location_root = f"{root}/{key}"
    if not network and (kind := network_kind(root)):
        raise WtError(f"{root} is on a network file system ({kind}), where locks are not to be trusted.",
                      again("to do it all the same", {"--allow-network-fs": None}))  # fmt: skip
    existed = os.path.isdir(location_root)
    try:
        files.make_directory(os.path.realpath(location_root), 0o700)
        files.make_directory(f"{location_root}/.meta/init", 0o700)
        files.publish_text(location.config_path(root, key), config_file.render(config), 0o600)
    except FileExistsError:  # another init of this key was as quick
        _refuse_initialised(root, key)
        raise
    except OSError as error:
        _undo(location_root, existed=existed)
        raise WtError(
            f"The pool cannot be made in {location_root}: {error.strerror}.",
            f"to see why: ls -ld {quoted(root)}",
        ) from error


def _undo(location_root: str, *, existed: bool) -> None:
    for path in (f"{location_root}/.meta/init", f"{location_root}/.meta"):
        files.remove_directory(path)
    if not existed:
        files.remove_directory(location_root)


def network_kind(path: str) -> str | None:
    """Return the type of the file system that `path` (or what exists above it) is on, if it is a network one."""
    import psutil

    while not os.path.exists(path):
        path = os.path.dirname(path)
    real = os.path.realpath(path)
    best = ("", "")
    for part in psutil.disk_partitions(all=True):
        inside = real == part.mountpoint or real.startswith(part.mountpoint.rstrip("/") + "/")
        if inside and len(part.mountpoint) >= len(best[0]):
            best = (part.mountpoint, part.fstype)
    return best[1] if best[1] in _NETWORK else None
