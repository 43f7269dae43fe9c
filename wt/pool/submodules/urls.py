"""Where a submodule comes from: relative URLs as git reads them, and the place of its mirror. Words only, no files."""

from __future__ import annotations

import os


def resolved(parent: str, url: str, top: str) -> str:
    """Return a declared URL as git would: `./` and `../` begin at the parent's own URL (gitmodules(5)).

    `top` is the directory that a parent's URL which is itself a relative path begins at.
    """
    if not url.startswith(("./", "../")):
        return url
    base = parent.rstrip("/") or top
    if _is_relative_path(base):
        base = os.path.normpath(os.path.join(top, base))
    colon = False
    while url.startswith(("./", "../")):
        if url.startswith("./"):
            url = url[2:]
            continue
        url = url[3:]
        base, chopped_at_colon = _chopped(base)
        colon = colon or chopped_at_colon
    return f"{base}{':' if colon else '/'}{url}".rstrip("/")


def _is_relative_path(url: str) -> bool:
    colon, slash = url.find(":"), url.find("/")
    return not url.startswith("/") and (colon < 0 or 0 <= slash < colon)


def _chopped(base: str) -> tuple[str, bool]:
    if "/" in base:
        return base[: base.rindex("/")], False
    if ":" in base:
        return base[: base.rindex(":")], True
    return ".", False


def in_bare_mirror(base: str, url: str) -> str | None:
    """Return `<base>/<org>/<repo>.git` for a URL; None where it names no repository."""
    path = url.split("://", 1)[-1] if "://" in url else url.partition(":")[2] or url
    parts = [part for part in path.rstrip("/").removesuffix(".git").split("/") if part]
    if "://" in url and len(parts) > 1:
        parts = parts[1:]  # the host
    if not parts or {"..", "."}.intersection(parts[-2:]):
        return None
    return "/".join([base, *parts[-2:]]) + ".git"


def masked(text: str) -> str:
    """Return a text without what stands between `://` and `@`: it may be a token."""
    words = text.split("://")
    for number, word in enumerate(words[1:], 1):
        host = word.replace("'", "/").replace(" ", "/").replace("\n", "/").split("/", 1)[0]
        if "@" in host:
            words[number] = "***" + word[host.rindex("@") :]
    return "://".join(words)
