"""Network file systems are refused at init (contract section 2): the mount table says which these are."""

import sys

import psutil
import pytest

from wt.errors import WtError
from wt.pool import init

MOUNTS = """/dev/vda / ext4 rw 0 0
server:/home {home} {kind} rw 0 0
tmpfs {home}/fast tmpfs rw 0 0
"""


@pytest.fixture
def mounted(tmp_path, monkeypatch):
    """A host (for psutil) on which a file system is mounted at the directory that is returned."""

    def mount(kind):
        proc = tmp_path / "proc"
        (proc / "self").mkdir(parents=True)
        (proc / "filesystems").write_text(f"\text4\nnodev\ttmpfs\nnodev\t{kind}\n")
        home = tmp_path / "home of all"
        (home / "fast").mkdir(parents=True)
        (proc / "self/mounts").write_text(
            MOUNTS.format(home=str(home).replace(" ", "\\040"), kind=kind), encoding="utf-8"
        )
        monkeypatch.setattr(psutil, "PROCFS_PATH", str(proc))
        return home

    return mount


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the kernel is asked, and no table is read")
@pytest.mark.parametrize("kind", ["nfs4", "cifs", "9p", "fuse.sshfs"])
def test_a_pool_on_a_network_file_system_is_refused_at_init_and_nothing_is_left(mounted, repo, kind):
    home = mounted(kind)
    (home / "pools").mkdir()
    with pytest.raises(WtError, match=f"is on a network file system \\({kind}\\)") as caught:
        init.init(f"{home}/pools", "app", init.Wish(repo), print)
    assert "--allow-network-fs" in caught.value.hints[0]
    assert list((home / "pools").iterdir()) == []
    assert init.network_kind(f"{home}/not there yet") == kind
    assert init.network_kind(f"{home}/fast/x") is None
    assert init.network_kind("/") is None
    init.init(f"{home}/pools", "app", init.Wish(repo, allow_network_fs=True), print)
    assert (home / "pools/app/.meta/config.yaml").exists()
