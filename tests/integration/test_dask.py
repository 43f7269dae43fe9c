"""Beyond one machine: a real Dask cluster of several workers, each a process, here on one host (issue 6)."""

import contextlib
import os
import subprocess
import sys

import pytest
from distributed import Client, LocalCluster, WorkerPlugin

from tests.docs.test_library_docs import run_as_printed
from tests.support import gitrepo
from wt import Hypothesis, OrchestratorConfig, WorktreeOrchestrator, WorktreePool, try_hypothesis

PATCH = "--- a/README\n+++ b/README\n@@ -1 +1 @@\n-hello\n+patched\n"
pytestmark = [
    pytest.mark.timeout(300),
    # Dask's own, at the end of a cluster; ours are errors as everywhere
    pytest.mark.filterwarnings(
        "ignore::ResourceWarning",
        "ignore::DeprecationWarning:distributed",
        "ignore:Port 8787 is already in use:UserWarning",
    ),
]


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    place = tmp_path_factory.mktemp("dask")
    with LocalCluster(n_workers=3, threads_per_worker=1, processes=True, dashboard_address=None,
                      local_directory=str(place)) as cluster, Client(cluster) as made:  # fmt: skip
        yield made


def test_run_tests_on_a_dask_executor(repo, client):
    with WorktreeOrchestrator(OrchestratorConfig(repo, max_size=3, timeout_s=60)) as made:
        hypotheses = [Hypothesis(f"h{n}", env={"N": str(n)}) for n in range(6)]
        paths = made.create_worktrees(hypotheses)
        # each worker says who it is: more than one had work
        done = made.run_tests("echo $N $PPID; sleep 0.5; pwd; exit $N", client.get_executor())
    assert {wanted: one.returncode for wanted, one in done.items()} == {f"h{n}": n for n in range(6)}
    assert len({one.tail.split()[1] for one in done.values()}) > 1
    assert {wanted: one.tail.split()[2] for wanted, one in done.items()} == {
        wanted: str(path) for wanted, path in paths.items()
    }


def test_each_worker_takes_hypotheses_through_a_pool_of_its_own_clone(repo, client, tmp_path):
    """As with workers on several hosts: nothing but values goes to and fro."""
    clone = str(tmp_path / "clone")
    gitrepo.git(repo, "clone", "-q", repo, clone)
    config = OrchestratorConfig(clone, max_size=2, timeout_s=60)
    executor = client.get_executor()
    futures = [
        executor.submit(try_hypothesis, config, Hypothesis(f"h{n}", patch=PATCH if n % 2 else None), "grep patched README")
        for n in range(8)
    ]  # fmt: skip
    done = [future.result() for future in futures]
    assert [one.returncode for one in done] == [1, 0] * 4
    assert {os.path.commonpath([one.path, tmp_path]) for one in done} == {str(tmp_path)}
    assert all(one.host for one in done)
    with WorktreePool(clone, max_size=2) as pool:
        assert pool.get_stats()["allocated"] == 0
        assert pool.get_stats()["total"] <= 2


class Cloned(WorkerPlugin):  # type: ignore[misc]  # Dask has no types
    """As in docs/how-to/many-hosts.md: each worker clones when it starts, also one that comes later."""

    def __init__(self, url):
        self.url = url

    def setup(self, worker):
        if not os.path.isdir("clone"):
            subprocess.run(["git", "clone", "-q", self.url, "clone"], check=True)


@contextlib.contextmanager
def dask(*words, **more):
    """One of Dask's own commands, ended in the end."""
    argv = [sys.executable, "-m", "dask", *words, "--no-dashboard"]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def test_workers_started_by_hand_each_with_a_clone_and_a_pool_of_its_own(repo, tmp_path):
    """As on several hosts: scheduler and workers are Dask's commands, and share no directory."""
    file = f"--scheduler-file={tmp_path}/scheduler.json"
    with contextlib.ExitStack() as cluster:
        cluster.enter_context(dask("scheduler", "--host", "127.0.0.1", "--port", "0", file))
        client = cluster.enter_context(Client(scheduler_file=f"{tmp_path}/scheduler.json", timeout=60))
        client.register_plugin(Cloned(repo))
        for host in ("here", "there"):
            os.mkdir(tmp_path / host)
            cluster.enter_context(dask("worker", "--nthreads", "1", file, cwd=tmp_path / host))
        client.wait_for_workers(2, timeout=60)
        executor, config = client.get_executor(), OrchestratorConfig("clone", max_size=1, timeout_s=60)
        tries = [executor.submit(try_hypothesis, config, Hypothesis(f"h{n}"), "sleep 0.2") for n in range(6)]
        pools = {os.path.dirname(one.result().path) for one in tries}
        assert all(one.result().passed for one in tries)
    assert pools == {str(tmp_path / host / "clone.worktrees") for host in ("here", "there")}


def test_the_documents_programs_print_what_it_says(repo):
    gitrepo.git(repo, "clone", "-q", repo, f"{repo}/clone")
    gitrepo.write(f"{repo}/.git/info", {"exclude": "clone\nclone.worktrees\n"})
    assert run_as_printed("docs/how-to/many-hosts.md", repo) == 2
