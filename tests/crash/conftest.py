"""How much of a sweep is run."""

import pytest


@pytest.fixture
def stride(request):
    """Every how many points, 0 for none: all of them where only these tests were asked for."""
    everything, doors_alone = request.config.option.markexpr == "crash", request.config.option.doors
    return lambda ordinary, full=1: full if everything and (ordinary or not doors_alone) else ordinary
