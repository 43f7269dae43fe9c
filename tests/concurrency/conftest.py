"""How much load: little in the ordinary run, more where a recipe asks for it (`just stress 50`)."""

import pytest


@pytest.fixture
def rounds(request):
    return request.config.getoption("--rounds")
