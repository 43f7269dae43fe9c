"""Where skips are forbidden, one skipped test fails the whole run, in one process and in many."""

import os
import subprocess
import sys

import pytest

from tests.support.host import OURS

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PASSES = "def test_passes(): pass\n"
SKIPS = PASSES + "import pytest\n@pytest.mark.skip\ndef test_skips(): pass\n"
SKIPS_ALL = "import pytest\npytest.skip('no zsh', allow_module_level=True)\n"
XFAILS = PASSES + "import pytest\n@pytest.mark.xfail\ndef test_fails(): assert False\n"


def run(tmp_path, source, *options, forbid):
    (tmp_path / "test_sample.py").write_text(source)
    environment = {**os.environ, **({OURS: "1"} if forbid else {})}
    if not forbid:
        environment.pop(OURS, None)
    argv = ["-c", os.path.join(ROOT, "pyproject.toml"), "--rootdir", str(tmp_path), "-p", "tests.conftest"]
    # No cache: with this rootdir it would land in the sample's directory, which is fine, and warn, which is not.
    argv += ["-p", "no:cacheprovider", *options, str(tmp_path / "test_sample.py")]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *argv], cwd=ROOT, env=environment, capture_output=True, text=True
    )


@pytest.mark.parametrize("options", [[], ["-n", "1"]], ids=["alone", "xdist"])
@pytest.mark.parametrize("source", [SKIPS, SKIPS_ALL], ids=["test", "module"])
def test_a_skip_fails_the_run_where_forbidden(tmp_path, source, options):
    done = run(tmp_path, source, *options, forbid=True)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"skipped, and {OURS} forbids it" in done.stdout


@pytest.mark.parametrize(("source", "forbid"), [(SKIPS, False), (PASSES, True), (XFAILS, True)])
def test_other_runs_pass(tmp_path, source, forbid):
    done = run(tmp_path, source, forbid=forbid)
    assert done.returncode == 0, done.stdout + done.stderr
