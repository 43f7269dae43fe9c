"""Where a submodule's objects come from: the pool's mirror, else the declared URL; a clone is made aside and renamed.

The user's shared config is never written: `git submodule` would record the URL there, for every worktree. Protocols are
those that git allows a submodule; `file` only for the mirror, or where the user's own configuration has it.
"""

from __future__ import annotations

import os

from wt import files
from wt.errors import GitError, WtError
from wt.git import layout, refs
from wt.git.run import Git
from wt.model import record
from wt.pool import keep, nested
from wt.pool.submodules import kept, stores, urls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wt.git.run import Running
    from wt.pool.location import Pool
    from wt.pool.submodules.declared import Declared

PIN = keep.PIN
# a branch or tag of a holder's own is neither dropped (fetch.prune) nor moved: tags come as git follows them
_FETCH = (
    "-c",
    "protocol.version=2",
    "fetch",
    "-q",
    "--no-prune",
    "--no-prune-tags",
    "--no-write-fetch-head",
    "--update-shallow",
    "--no-recurse-submodules",
)
# from a store or from kept.git, one commit and nothing else
LOCALLY = (*_FETCH, "--no-tags")
_HEADS = ("+refs/heads/*:refs/remotes/origin/*",)
_TRACKED = ("+refs/remotes/origin/*:refs/remotes/origin/*", "^refs/remotes/origin/HEAD")
# git asks its protocol policy as for a URL that no user typed (git(1), GIT_PROTOCOL_FROM_USER)
_UNTRUSTED = {"GIT_PROTOCOL_FROM_USER": "0"}


@record
class Origin:
    """`url` is what the clone's origin will be; `mirror` the directory to fetch from instead, where there is one.

    `tracks` says that the mirror is a clone with remote-tracking branches, not a bare copy of the remote.
    """

    url: str
    mirror: str | None = None
    tracks: bool = False


def origin_of(pool: Pool, url: str, chain: str) -> Origin:
    """Return where a submodule comes from; `chain` are the stores above it and its own, as `modules/a/modules/b`."""
    mode, base = pool.config.submodule_mirror_mode, pool.config.submodule_mirror_base
    if mode is None or base is None:
        return Origin(url)
    if mode == "bare-mirror":
        mirror = urls.in_bare_mirror(base, url)
        return Origin(url, mirror if mirror and layout.at(mirror) else None)
    place = layout.at(base)
    mirror = f"{place.common}/{chain}" if place else ""
    return Origin(url, mirror if mirror and stores.is_sound(mirror) else None, tracks=True)


class Fetcher:
    """Fetches for one acquire; `keep_open` is what local gits hold on to, `watch` takes note of those that may take long.

    `besides` says where a pin may be that can be had nowhere else.
    """

    def __init__(
        self,
        keep_open: tuple[int, ...],
        watch: Callable[[Running], None],
        besides: Callable[[Declared], Iterable[str]] = lambda _sub: (),
    ) -> None:
        self.keep_open, self.watch, self.besides = keep_open, watch, besides

    def clone(self, sub: Declared, origin: Origin, store: str, staged: str) -> None:
        """Make the store of a submodule, its HEAD at the pin and nothing checked out."""
        files.make_directory(os.path.dirname(staged))
        form = "sha256" if len(sub.pin) == 64 else "sha1"
        Git(os.path.dirname(staged), self.keep_open).do(
            "init", "-q", "--bare", f"--object-format={form}", staged
        )
        config = files.read_text(f"{staged}/config") or ""
        files.replace_text(f"{staged}/config", _as_clone(config, origin.url))
        if origin.mirror is not None:
            files.link_objects(f"{origin.mirror}/objects", f"{staged}/objects")
        self.fetch(sub, origin, staged)
        refs.detach_head(Git(staged, self.keep_open), staged, sub.pin)
        files.make_directory(os.path.dirname(store))
        files.rename(staged, store)
        files.sync_directory(os.path.dirname(store))

    def remember(self, store: str) -> None:
        """Keep the pin that a store leaves reachable: nobody may ever have pushed it, and nobody made it here."""
        if (pin := pinned(store)) is not None:
            Git(store, self.keep_open).do("update-ref", f"{PIN}s/{pin}", pin)

    def fetch(self, sub: Declared, origin: Origin, store: str) -> None:
        """Bring the pin into a store, `refs/wt/pin` at it; WtError with every error met."""
        said = []
        for attempt in (self._from_mirror, self._from_url, self._from_kept):
            try:
                if attempt(sub, origin, store):
                    return
            except GitError as error:
                said.append(urls.masked(error.details or error.sentence))
        wanted = f"{sub.pin} cannot be had from {urls.masked(origin.mirror or origin.url)}"
        raise WtError(f"submodule `{sub.path}`: {wanted}.", details="\n".join(said))

    def _from_mirror(self, sub: Declared, origin: Origin, store: str) -> bool:
        if origin.mirror is None:
            return False
        wanted = (*(_TRACKED if origin.tracks else _HEADS), f"+{sub.pin}:{PIN}")
        Git(store, self.keep_open).do(*_FETCH, origin.mirror, *wanted, env=kept.LOCAL, watch=self.watch)
        return True

    def _from_url(self, sub: Declared, origin: Origin, store: str) -> bool:
        """As git does: the branches; and the commit itself where none of them has it."""
        depth = ("--depth=1",) if sub.shallow else ()
        git = Git(store)  # what talks to a network may leave a credential daemon, which would keep our mutex
        git.do(*_FETCH, *depth, origin.url, *_HEADS, env=_UNTRUSTED, watch=self.watch)
        if has(store, sub.pin):
            Git(store, self.keep_open).do("update-ref", PIN, sub.pin)
        else:
            git.do(*_FETCH, *depth, origin.url, f"+{sub.pin}:{PIN}", env=_UNTRUSTED, watch=self.watch)
        return True

    def _from_kept(self, sub: Declared, _origin: Origin, store: str) -> bool:
        for place in self.besides(sub):
            if os.path.isdir(place) and has(place, sub.pin):
                wanted = f"+{sub.pin}:{PIN}"
                Git(store, self.keep_open).do(*LOCALLY, place, wanted, env=kept.LOCAL, watch=self.watch)
                return True
        return False


def set_aside(pool: Pool) -> Callable[[Declared], Iterable[str]]:
    """Return what says where the pool keeps commits of a submodule: kept.git, and whole repositories that were moved away."""
    return lambda sub: (kept.repository(pool), *nested.moved_from(pool, sub.path))


def has(store: str, commit: str) -> bool:
    return Git(store).ask("cat-file", "-t", commit, allowed=(0, 128)) == "commit"


def pinned(store: str) -> str | None:
    """Return the commit that we last brought a store to, or were about to."""
    return refs.read_file(store, PIN)


def set_origin(store: str, url: str) -> None:
    """Make a store's origin the declared URL, where that has changed."""
    if f"\turl = {url}\n" not in (files.read_text(f"{store}/config", 1 << 22) or ""):
        git = Git(store)
        if git.ask("config", "--get", "remote.origin.url", allowed=(0, 1)) != url:
            git.do("config", "remote.origin.url", url)


def _as_clone(config: str, url: str) -> str:
    lines = [line for line in config.split("\n") if line.strip().replace(" ", "").lower() != "bare=true"]
    text = (
        "\n".join(lines)
        .replace("[core]", "[core]\n\tbare = false\n\tlogallrefupdates = true", 1)
        .rstrip("\n")
    )
    fetch = "+refs/heads/*:refs/remotes/origin/*"
    return f'{text}\n[remote "origin"]\n\turl = {stores.written(url)}\n\tfetch = {fetch}\n'
