"""The parts of wt/pool/submodules that need no pool: URLs, core.worktree in config text, the crew."""

import subprocess
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wt.errors import WtError
from wt.pool.submodules import stores, urls
from wt.pool.submodules.crew import Crew, Piece


@pytest.mark.parametrize(
    ("parent", "url", "found"),
    [
        ("https://host/org/app.git", "../lib.git", "https://host/org/lib.git"),
        ("https://host/org/app.git", "../../other/lib", "https://host/other/lib"),
        ("https://host/org/app.git", "./lib", "https://host/org/app.git/lib"),
        ("git@host:org/app.git", "../lib.git", "git@host:org/lib.git"),
        ("git@host:app.git", "../lib.git", "git@host:lib.git"),
        ("/srv/org/app/", "../lib", "/srv/org/lib"),
        ("../app", "../lib", "/here/lib"),
        ("", "../lib", "/here/lib"),
        ("https://host/app", "https://other/lib", "https://other/lib"),
        ("https://host/app", "/abs/lib", "/abs/lib"),
    ],
)
def test_relative_urls_are_read_as_git_reads_them(parent, url, found):
    assert urls.resolved(parent, url, "/here/app") == found


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://host/org/repo.git", "/m/org/repo.git"),
        ("https://host/a/b/org/repo", "/m/org/repo.git"),
        ("git@host:org/repo.git", "/m/org/repo.git"),
        ("ssh://git@host:22/org/repo/", "/m/org/repo.git"),
        ("/srv/org/repo", "/m/org/repo.git"),
        ("https://host/../..", None),
        ("..", None),
    ],
)
def test_a_bare_mirror_is_org_and_repo(url, found):
    assert urls.in_bare_mirror("/m", url) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("fatal: 'https://me:token@host/x' not found", "fatal: 'https://***@host/x' not found"),
        ("https://host/a@b", "https://host/a@b"),
        ("one https://t@h/ two https://u:p@h/", "one https://***@h/ two https://***@h/"),
    ],
)
def test_tokens_are_masked(text, found):
    assert urls.masked(text) == found


PATHS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1).filter(
    lambda text: text.strip() == text
)


@given(PATHS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_core_worktree_is_written_as_git_reads_it_and_read_as_git_writes_it(tmp_path, path):
    config = tmp_path / "config"
    config.write_bytes(
        stores.with_worktree('[core]\n\tbare = false\n[remote "origin"]\n\turl = x\n', path).encode()
    )
    asked = subprocess.run(
        ["git", "config", "-z", "-f", config, "core.worktree"], capture_output=True, check=True
    )
    assert asked.stdout.decode() == f"{path}\0"
    assert stores.worktree_in(config.read_bytes().decode()) == path
    subprocess.run(["git", "config", "-f", config, "core.worktree", f"{path}/more"], check=True)
    assert stores.worktree_in(config.read_bytes().decode()) == f"{path}/more"


def test_core_worktree_is_replaced_wherever_it_stands_and_taken_out():
    text = "[core]\n\tworktree = a\n\tbare = false\n[Core]\n\tWorktree=b\n[x]\n\tworktree = stays\n"
    assert (
        stores.with_worktree(text, "c")
        == "[core]\n\tworktree = c\n\tbare = false\n[Core]\n[x]\n\tworktree = stays\n"
    )
    assert stores.worktree_in(stores.with_worktree(text, None)) is None
    assert stores.worktree_in(stores.with_worktree("", "c")) == "c"


def counting(seen, number, depth):
    def do():
        seen.append((number, depth))
        return [Piece(f"{number}", counting(seen, number, depth + 1))] if depth < 2 else []

    return do


def run_crew():
    seen: list[tuple[int, int]] = []
    crew = Crew()
    crew.run([Piece(f"{number}", counting(seen, number, 0)) for number in range(20)])
    return sorted(seen)


def test_a_crew_does_each_piece_and_what_it_finds_once():
    assert run_crew() == sorted((number, depth) for number in range(20) for depth in range(3))


def test_where_no_thread_can_be_had_it_is_done_inline(monkeypatch):
    def refused(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    assert len(run_crew()) == 60


def test_all_errors_are_kept_and_the_others_go_on():
    done = []

    def work(number):
        def do():
            if number % 3 == 0:
                raise WtError(f"no {number}")
            done.append(number)
            return []

        return do

    crew = Crew()
    crew.run([Piece(f"{number}", work(number)) for number in range(9)])
    assert sorted(done) == [1, 2, 4, 5, 7, 8]
    assert sorted(what for what, _ in crew.failed) == ["0", "3", "6"]


def test_a_bug_in_a_thread_is_raised_where_the_crew_is_awaited():
    barrier = threading.Barrier(2)

    def met():
        barrier.wait(10)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Crew().run([Piece("a", met), Piece("b", met)])
