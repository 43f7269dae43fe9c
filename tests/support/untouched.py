"""Everything below some directories, to prove that a refusal touched nothing: refs, index bytes, files, links, modes."""

import os

# Mutex files are noted in by whoever holds them; objects that nothing reaches change nothing for anybody.
VOLATILE = (
    "/.meta/pool.lock",
    "/.meta/init/",
    "/worktree-pool/land.lock",
    "/worktree-pool/source.lock",
    "/worktree-pool/kept.lock",
    "/objects/",
    # what the prompt shows, written by whoever judged last
    "/worktree-pool/mark",
    # what a look may spare itself the next time
    "/worktree-pool/seen",
)


def everything(*tops):
    """Path to what is there; equal before and after means untouched."""
    return dict(entry for top in tops for entry in _below(str(top)))


def _below(top):
    for directory, names, files in os.walk(top):
        for name in (*names, *files):
            path = os.path.join(directory, name)
            if any(word in f"{path}/" for word in VOLATILE) or path.endswith("/worktree-pool"):
                continue
            yield path, _what(path)


def _what(path):
    mode = os.lstat(path).st_mode
    if os.path.islink(path):
        return mode, os.readlink(path)
    if not os.path.isfile(path):
        return mode, None
    with open(path, "rb") as file:
        return mode, file.read()


def file_bytes(path):
    with open(path, "rb") as file:
        return file.read()
