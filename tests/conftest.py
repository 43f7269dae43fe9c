"""Takes this host out of every test, and lets no run pass that skipped one where that was forbidden."""

import os
import signal
import zlib

import hypothesis
import pytest

from tests.support import gitrepo, host

# A run in the background inherits both as ignored, and so would every tool and shell under test.
signal.signal(signal.SIGINT, signal.default_int_handler)
for _signum in (signal.SIGHUP, signal.SIGQUIT):
    signal.signal(_signum, signal.SIG_DFL)

# How long an example takes is the machine's business: pytest's own timeout ends what hangs.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

LAYOUTS = ("rename", "stable")


def pytest_addoption(parser):
    parser.addoption(
        "--rounds", type=int, default=3, help="rounds of each worker under load, and kills in tens"
    )
    parser.addoption(
        "--doors",
        action="store_true",
        help="of the kill sweeps, every door of the verb alone: no kill inside git, none of the recovery",
    )
    parser.addoption("--ref-format", help="how git keeps the refs of new repositories (`reftable`: git 2.46)")
    parser.addoption("--thorough", action="store_true", help="also what the ordinary run has a sample of")


def pytest_collection_modifyitems(config, items):
    """Leave out what is for `--thorough`, or for another git, counted as deselected.

    A kill sweep, or a test that was named, is run as asked.
    """
    if any("::" in word for word in config.args):
        return
    every = config.option.thorough or config.option.markexpr == "crash"
    left_out = {item for item in items if not every and _is_for_thorough(item)}
    marked = {item for item in items if item.get_closest_marker("reftable")}
    if marked and not gitrepo.can_do_tables():
        left_out |= marked
    if left_out:
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]


def _is_for_thorough(item):
    """Marked so; or in the other of the two layouts: the ordinary run takes one for each test, by its name."""
    if item.get_closest_marker("thorough"):
        return True
    layout = item.callspec.params.get("layout") if hasattr(item, "callspec") else None
    if layout not in LAYOUTS:
        return False
    return layout != LAYOUTS[zlib.crc32(item.name.replace(layout, "").encode()) % 2]


@pytest.fixture
def home(tmp_path):
    path = tmp_path / "home"
    path.mkdir()
    return path


@pytest.fixture(autouse=True)
def neutral_host(home, monkeypatch, request):
    for variable in filter(host.is_foreign, list(os.environ)):
        monkeypatch.delenv(variable)
    marked = request.node.get_closest_marker("reftable")
    ref_format = "reftable" if marked else request.config.option.ref_format
    for variable, value in host.neutral_environment(home, ref_format).items():
        monkeypatch.setenv(variable, value)


@pytest.fixture
def repo(tmp_path):
    """A small working clone on `main`, as str; bigger stages are built with tests.support.gitrepo."""
    return gitrepo.make_repo(tmp_path / "source")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    # Decided here, where the test ran; with xdist the controlling process gets the report and counts.
    report.forbidden = report.skipped and bool(os.environ.get(host.OURS)) and not hasattr(report, "wasxfail")
    return report


class _SkipWatch:
    """A missing shell must fail the run: a test that passes where the tool is absent says nothing."""

    def __init__(self):
        self.found = {}

    def pytest_runtest_logreport(self, report):
        if getattr(report, "forbidden", False):
            self.found[report.nodeid] = True

    def pytest_collectreport(self, report):
        if report.skipped and os.environ.get(host.OURS):
            self.found[report.nodeid] = True

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session):
        if self.found and session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        if self.found:
            terminalreporter.section(f"{len(self.found)} skipped, and {host.OURS} forbids it")
            for nodeid in self.found:
                terminalreporter.line(nodeid)


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session):
    session.config.pluginmanager.register(_SkipWatch(), "wt-skip-watch")
