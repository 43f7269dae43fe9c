"""Beyond one machine: a real Dask cluster of several workers, each a process, here on one host (issue 6)."""

import os

import pytest
from distributed import Client, LocalCluster

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


def test_the_documents_programs_print_what_it_says(repo):
    gitrepo.git(repo, "clone", "-q", repo, f"{repo}/clone")
    gitrepo.write(f"{repo}/.git/info", {"exclude": "clone\nclone.worktrees\n"})
    assert run_as_printed("docs/how-to/many-hosts.md", repo) == 2
