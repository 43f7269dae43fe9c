"""The only place that changes files: each function is one effect, with a door before it and one after.

State is replaced, never edited: temp file in the same directory, fsync, rename, fsync of the directory.
Reading is tolerant here and strict where the meaning is known.
"""

from __future__ import annotations

import os
import stat

from wt.doors import cross

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_TEMP_PREFIX = ".wt-tmp-"


def read_text(path: str, limit: int = 1 << 20) -> str | None:
    """Return the text of a regular file, or None where there is none. Never follows a link, never blocks on a FIFO.

    Undecodable bytes become surrogates; more than `limit` bytes are cut off.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return None
        return os.read(descriptor, min(limit, found.st_size)).decode("utf-8", "surrogateescape")
    except OSError:
        return None
    finally:
        os.close(descriptor)


def identity(path: str) -> tuple[int, ...]:
    """Return what changes whenever a file is replaced or written; nothing where there is none, and little of a directory."""
    try:
        found = os.lstat(path)
    except OSError:
        return ()
    if stat.S_ISDIR(found.st_mode):
        return (found.st_mode,)
    return found.st_mode, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def is_same(path: str, other: str) -> bool:
    """Whether two paths lead to the same file; not where one leads nowhere, which may be so from one moment to the next."""
    try:
        return os.path.samefile(path, other)
    except OSError:
        return False


def temp_path(directory: str, name: str) -> str:
    """Return a name that is ours alone for now, and that whoever comes after a crash takes for a leftover."""
    return f"{directory}/{_TEMP_PREFIX}{os.getpid()}-{name}"


def replace_text(path: str, text: str, mode: int = 0o644, scratch: str | None = None) -> None:
    """Put `text` at `path` so that a reader sees the old or the new file, whole, also after a power cut.

    `scratch` is a directory of the same file system for the temp file, where none may lie beside the path.
    """
    cross(f"replace {path}")
    directory = os.path.dirname(path)
    temp = temp_path(scratch or directory, os.path.basename(path))
    descriptor = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        _write_all(descriptor, text.encode("utf-8", "surrogateescape"))
        os.fsync(descriptor)
    except BaseException:
        os.unlink(temp)
        raise
    finally:
        os.close(descriptor)
    cross(f"rename-into {path}")
    os.rename(temp, path)
    sync_directory(directory)
    cross(f"replaced {path}")


def write_hint(path: str, text: str) -> None:
    """Put a few bytes into a file that nothing relies on: not synced, no door, and an error is no error.

    Through no link, and only into a directory that is there. A reader may see it empty for a moment.
    """
    try:
        descriptor = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600
        )
    except OSError:
        return
    try:
        os.write(descriptor, text.encode("utf-8", "surrogateescape"))
    except OSError:
        pass
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def publish_text(path: str, text: str, mode: int = 0o644) -> None:
    """Put a whole file at `path`; FileExistsError where somebody was first."""
    cross(f"publish {path}")
    temp = temp_path(os.path.dirname(path), os.path.basename(path))
    write_exclusive(temp, text, mode)
    try:
        os.link(temp, path)
    finally:
        os.unlink(temp)
    sync_directory(os.path.dirname(path))
    cross(f"published {path}")


def write_exclusive(path: str, text: str, mode: int = 0o644) -> None:
    """Create `path`; FileExistsError where something is there already (so git's own lock files can be taken)."""
    cross(f"create {path}")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        _write_all(descriptor, text.encode("utf-8", "surrogateescape"))
        os.fsync(descriptor)
    except BaseException:
        os.unlink(path)
        raise
    finally:
        os.close(descriptor)
    cross(f"created {path}")


def open_log(path: str) -> int:
    """Open a log at its end, for a program's output; returns its descriptor. Logs are not synced: they are for reading."""
    cross(f"log {path}")
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)


def write_bytes(path: str, data: bytes, mode: int) -> None:
    """Create a file of a user's: its bytes, its mode less the umask; not synced, for it can be had again."""
    write_from(path, mode, lambda write: write(data))


def write_from(path: str, mode: int, pour: Callable[[Callable[[bytes], None]], None]) -> None:
    """Do the same with bytes that come in pieces: `pour` is given what writes one."""
    cross(f"create {path}")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        pour(lambda data: _write_all(descriptor, data))
    finally:
        os.close(descriptor)
    cross(f"created {path}")


def rewrite(descriptor: int, text: str) -> None:
    """Replace what an open lock file says; the file itself stays, since its inode is the mutex."""
    cross("note")
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode("utf-8", "surrogateescape"), 0)
    cross("noted")


def sync_directory(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def rename(old: str, new: str) -> None:
    """rename(2): atomic, on one file system, and it fails where `new` is a directory that holds something."""
    cross(f"rename {old} {new}")
    os.rename(old, new)
    cross(f"renamed {old} {new}")


def unlink(path: str) -> bool:
    """Remove one file or link; False where it was gone already."""
    cross(f"unlink {path}")
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    cross(f"unlinked {path}")
    return True


def copy(path: str, to: str) -> None:
    """Copy the content of one file, not its mode; where that fails there is no copy, not half of one."""
    import shutil

    cross(f"copy {to}")
    try:
        shutil.copyfile(path, to)
    except BaseException:
        unlink(to)
        raise
    cross(f"copied {to}")


def link_objects(source: str, target: str) -> None:
    """Give a new repository the objects of another on the same file system, by hard links; what cannot be linked is left.

    Only regular files, and not the other's `info`: an object store that borrows from a third is not copied.
    """
    cross(f"link {target}")
    if os.path.lexists(f"{source}/info/alternates") or os.path.lexists(f"{os.path.dirname(source)}/shallow"):
        return
    for directory, names, plain in os.walk(source):
        names[:] = [name for name in names if name != "info" and not os.path.islink(f"{directory}/{name}")]
        inside = f"{target}{directory[len(source) :]}"
        os.makedirs(inside, exist_ok=True)
        # an index before its pack would be an index of nothing
        for name in sorted(plain, key=lambda name: not name.endswith(".pack")):
            if not name.startswith("tmp_") and not _linked(f"{directory}/{name}", f"{inside}/{name}"):
                return
    cross(f"linked {target}")


def _linked(source: str, target: str) -> bool:
    try:
        if stat.S_ISREG(os.lstat(source).st_mode):
            os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        return True
    except FileNotFoundError:  # packed anew at this moment
        return True
    except OSError:  # another file system, or one without hard links
        return False
    return True


def symlink(target: str, path: str) -> None:
    cross(f"symlink {path}")
    os.symlink(target, path)
    cross(f"symlinked {path}")


def is_reached(top: str, path: str) -> bool:
    """Whether only real directories lead from `top` to `path`: behind a link, or below a file, it is something else's."""
    parts = path.split("/")[:-1]
    above = top
    for part in parts:
        above = f"{above}/{part}"
        try:
            if not stat.S_ISDIR(os.lstat(above).st_mode):
                return False
        except OSError:
            return False
    return True


def make_directory(path: str, mode: int = 0o777) -> None:
    """Create a directory and what is missing above it; fine where it is there already."""
    cross(f"mkdir {path}")
    os.makedirs(path, mode, exist_ok=True)
    cross(f"mkdired {path}")


def scratch_directory(prefix: str) -> str:
    """Make a directory of our own among the temporary ones (mode 0700); returns its path, symlinks resolved."""
    import tempfile

    return os.path.realpath(tempfile.mkdtemp(prefix=prefix))


def write_scratch(path: str, data: bytes) -> None:
    """Write a file of this process's own, for as long as it lives; not for power cuts."""
    cross(f"scratch {path}")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        _write_all(descriptor, data)
    finally:
        os.close(descriptor)


def ensure_directory(path: str, mode: int = 0o777) -> None:
    """Create a directory where it is missing; no effect, and no door, where it is there."""
    if not os.path.isdir(path):
        make_directory(path, mode)


def remove_directory(path: str) -> bool:
    """rmdir(2): False where it is gone or holds something."""
    cross(f"rmdir {path}")
    try:
        os.rmdir(path)
    except OSError:
        return False
    cross(f"rmdired {path}")
    return True


def remove_tree(path: str) -> None:
    """Remove a directory and all below it. Only for what is provably ours or set aside: callers say why.

    Directories that may not be written to (module caches, a test's) are no obstacle if they are the user's.
    """
    import shutil

    cross(f"rmtree {path}")
    try:
        shutil.rmtree(path)
    except PermissionError:
        open_up(path)
        shutil.rmtree(path)
    cross(f"rmtreed {path}")


def open_up(path: str) -> None:
    """Give the user access to every directory at and below a path, as far as they are the user's."""
    todo = [path]
    while todo:
        one = todo.pop()
        try:
            mode = os.lstat(one).st_mode
            if mode & 0o700 != 0o700:
                os.chmod(one, mode & 0o7777 | 0o700)
            with os.scandir(one) as entries:
                todo += [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:
            continue


def remove_tree_if_there(path: str) -> None:
    """Remove a directory of ours that others may be removing at this moment."""
    import shutil

    if os.path.isdir(path):
        cross(f"rmtree {path}")
        shutil.rmtree(path, ignore_errors=True)
        cross(f"rmtreed {path}")


def list_directory(path: str) -> list[str]:
    """Return the sorted names in a directory, empty where there is none."""
    try:
        return sorted(os.listdir(path))
    except (FileNotFoundError, NotADirectoryError):
        return []


def list_subdirectories(path: str) -> list[str]:
    """Return the sorted names of the directories in one, links to directories not counted; empty where there is none."""
    try:
        with os.scandir(path) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return []


def disk_used(path: str) -> int:
    """Return the bytes that a directory takes on disk, all below it included; what vanishes meanwhile counts nothing."""
    total, todo = 0, [path]
    while todo:
        try:
            with os.scandir(todo.pop()) as entries:
                for entry in entries:
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
        except OSError:
            continue
    return total


def plain_below(path: str) -> list[str]:
    """Return the regular files at or below a path, sorted; empty where there is nothing."""
    if os.path.isdir(path) and not os.path.islink(path):
        return [one for name in list_directory(path) for one in plain_below(f"{path}/{name}")]
    return [path] if os.path.isfile(path) and not os.path.islink(path) else []


def leftovers(directory: str) -> list[str]:
    """Return our temp files that a crash left in a directory."""
    return [f"{directory}/{name}" for name in list_directory(directory) if name.startswith(_TEMP_PREFIX)]


def remove_leftovers(directory: str) -> None:
    for path in leftovers(directory):
        unlink(path)
