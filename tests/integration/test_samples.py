"""The samples in hooks/: each is a repository's hooks file here, and does what its first lines promise.

A tool that not every machine has is an executable on PATH that writes down how it was called.
"""

import os
import re
import subprocess

import pytest

from tests.support import gitrepo, hooking, tool

FAKE = """\
#!/bin/sh
printf '%s %s %s\\n' {name} "$PWD" "$*" >>{log}
{body}
"""


def sample(name):
    with open(os.path.join(tool.ROOT, "hooks", "samples", f"{name}.bash"), encoding="utf-8") as file:
        return file.read()


class Stage:
    """A pool over a repository that has a sample for its hooks file, and the tools that the sample calls."""

    def __init__(self, tmp_path, repo, name, files, **init):
        self.log, self.bin = tmp_path / "calls", tmp_path / "bin"
        self.bin.mkdir()
        self.log.write_text("")
        gitrepo.commit(repo, {".gitignore": "node_modules/\n.venv/\ntarget/\nLibrary/\nTemp/\n", **files})
        self.pool = tool.Pool(tmp_path / "root", repo, max_slots=2, **init)
        hooking.approved(self.pool, sample(name))
        self.env = {"PATH": f"{self.bin}:{os.environ['PATH']}", "TMPDIR": str(tmp_path)}

    def fake(self, name, body=":"):
        path = self.bin / name
        path.write_text(FAKE.format(name=name, log=self.log, body=body))
        path.chmod(0o755)
        return str(path)

    def calls(self):
        found = self.log.read_text().splitlines()
        self.log.write_text("")
        return found

    def acquire(self, name="x", *options):
        return self.pool.pool("acquire", "--name", name, *options, env=self.env)

    def release(self, name="x"):
        return self.pool.pool("release", "--name", name, env=self.env)

    def land(self, name="x"):
        gitrepo.commit(self.pool.pool("path", "--name", name).path, {"work": "w\n"})
        return self.pool.wt("land", "--name", name, env=self.env)


def test_every_sample_is_tried_here_and_named_in_the_docs():
    names = sorted(
        name.removesuffix(".bash") for name in os.listdir(os.path.join(tool.ROOT, "hooks", "samples"))
    )
    assert names == ["docker-compose", "node", "python", "rust", "unity"]
    with open(__file__, encoding="utf-8") as file:
        tried = set(re.findall(r'Stage\(tmp_path, repo, "([a-z-]+)"', file.read()))
    assert sorted(tried) == names


@pytest.mark.parametrize("name", ["docker-compose", "node", "python", "rust", "unity"])
def test_a_sample_keeps_to_the_functions_that_are_called(name):
    defined = re.findall(r"^(wt_\w+)\(\)", sample(name), re.MULTILINE)
    assert set(defined) <= {"wt_post_acquire", "wt_pre_go", "wt_pre_land", "wt_post_land", "wt_pre_release",
                            "wt_post_release", "wt_pre_cleanup", "wt_post_cleanup"}  # fmt: skip
    assert subprocess.run(["bash", "-n", "-c", sample(name)], capture_output=True).returncode == 0


@pytest.mark.parametrize(
    ("lock", "manager"), [("package-lock.json", "npm"), ("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn")]
)
def test_node_installs_where_the_lock_file_has_changed(tmp_path, repo, lock, manager):
    stage = Stage(tmp_path, repo, "node", {lock: "1\n"})
    stage.fake(manager)
    path = stage.acquire().path
    (call,) = stage.calls()
    assert call.startswith(f"{manager} {path} ")
    stage.release()
    stage.acquire()
    assert stage.calls() == []
    stage.release()
    gitrepo.commit(repo, {lock: "2\n"})
    stage.acquire()
    assert len(stage.calls()) == 1


def test_node_installs_again_where_an_install_failed_and_gates_with_its_tests(tmp_path, repo):
    stage = Stage(tmp_path, repo, "node", {"package-lock.json": "1\n"})
    stage.fake("npm", "exit 1")
    assert stage.acquire().code == 1
    stage.fake("npm", "test $1 != test")
    stage.calls()
    assert stage.acquire().code == 0
    assert len(stage.calls()) == 1
    assert stage.land().code == 1
    stage.fake("npm")
    assert stage.land().code == 0


def test_python_makes_a_virtual_environment_for_this_very_path(tmp_path, repo):
    stage = Stage(
        tmp_path, repo, "python", {"requirements.txt": "# nothing\n", "test_it.py": ""}, layout="rename"
    )
    path = stage.acquire("x").path
    assert os.access(f"{path}/.venv/bin/pip", os.X_OK)
    made = os.stat(f"{path}/.venv/pyvenv.cfg").st_mtime_ns
    stage.release("x")
    path = stage.acquire("x").path
    assert os.stat(f"{path}/.venv/pyvenv.cfg").st_mtime_ns == made
    stage.release("x")
    path = stage.acquire("y").path
    with open(f"{path}/.venv/bin/pip", encoding="utf-8") as file:
        assert f"{path}/.venv/bin/python" in file.read()


def test_python_gates_with_its_tests(tmp_path, repo):
    test = (
        "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(1, {})\n"
    )
    stage = Stage(tmp_path, repo, "python", {"test_it.py": test.format(2)})
    path = stage.acquire().path
    assert stage.land().code == 1
    gitrepo.commit(path, {"test_it.py": test.format(1)})
    done = stage.land()
    assert done.code == 0, done


def test_python_leaves_it_to_uv_where_that_has_locked(tmp_path, repo):
    stage = Stage(tmp_path, repo, "python", {"uv.lock": ""})
    stage.fake("uv")
    path = stage.acquire().path
    assert stage.calls() == [f"uv {path} sync --frozen"]
    assert not os.path.exists(f"{path}/.venv")


def test_rust_fetches_and_gates(tmp_path, repo):
    stage = Stage(tmp_path, repo, "rust", {"Cargo.toml": "", "Cargo.lock": ""}, layout="stable")
    stage.fake("cargo")
    path = stage.acquire().path
    assert stage.calls() == [f"cargo {path} fetch --locked --quiet"]
    assert stage.land().code == 0
    assert [call.split()[2] for call in stage.calls()] == ["test", "clippy", "clippy"]
    stage.acquire()
    stage.fake("cargo", 'test "$1" != clippy || test "$2" = --version')
    assert stage.land().code == 1


def test_unity_imports_once_a_slot_for_the_platform_of_its_group(tmp_path, repo):
    stage = Stage(tmp_path, repo, "unity", {"Assets/x": ""}, groups="ios,android")
    stage.env["UNITY"] = stage.fake("unity-editor", "mkdir -p Library")
    path = stage.acquire("x", "--group", "android").path
    (call,) = stage.calls()
    assert call.startswith(f"unity-editor {path} -projectPath {path} -buildTarget Android -batchmode ")
    assert stage.release().code == 0
    stage.acquire("y", "--group", "android")
    assert stage.calls() == []


def test_unity_gates_and_says_that_an_editor_is_open(tmp_path, repo):
    stage = Stage(tmp_path, repo, "unity", {"Assets/x": ""})
    stage.env["UNITY"] = stage.fake("unity-editor", "mkdir -p Library Temp; touch Temp/UnityLockfile")
    stage.acquire()
    stage.calls()
    done = stage.land()
    assert done.code == 0, done
    assert "-runTests" in stage.calls()[0]
    assert "an editor is open in x" in done.err


def test_docker_compose_has_a_project_for_each_slot(tmp_path, repo):
    stage = Stage(tmp_path, repo, "docker-compose", {"compose.yaml": ""})
    stage.fake("docker")
    path = stage.acquire("My.Name").path
    other = stage.acquire("other").path
    stage.release("My.Name")
    assert stage.calls() == [
        f"docker {path} compose --project-name wt-app-slot-0 up --detach --quiet-pull",
        f"docker {other} compose --project-name wt-app-slot-1 up --detach --quiet-pull",
        f"docker {path} compose --project-name wt-app-slot-0 stop",
    ]


def test_a_launcher_that_unity_names_is_one_command(tmp_path):
    from wt import hooks, trust

    policy = trust.Policy({**os.environ, "UNITY": "/the editor"}, print, print)
    ran = hooks.run(
        hooks.of_content(sample("unity").encode(), ""), "wt_pre_go", str(tmp_path), policy, {}, str(tmp_path)
    )
    assert ran == hooks.Ran(0, "'/the editor' -projectPath .")
