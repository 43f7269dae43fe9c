"""Pools that most tests of the core begin with."""

import pytest

from tests.support.submodules import Nest
from tests.support.tool import Pool


@pytest.fixture(params=["rename", "stable"])
def layout(request):
    return request.param


@pytest.fixture
def pool(tmp_path, repo):
    """Two slots, layout rename."""
    return Pool(tmp_path / "root", repo, max_slots=2)


@pytest.fixture
def both(tmp_path, repo, layout):
    """Two slots, in both layouts."""
    return Pool(tmp_path / "root", repo, max_slots=2, layout=layout)


@pytest.fixture
def log(tmp_path):
    """Where hooks of these tests write what they saw."""
    path = tmp_path / "log"
    path.write_text("")
    return path


@pytest.fixture
def nest(tmp_path):
    """A source with three submodules in each other, and its own checkout with them."""
    made = Nest(tmp_path)
    made.check_out()
    return made
