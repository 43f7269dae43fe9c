"""The pools of the integration tests."""

from tests.integration.conftest import both, layout, pool

__all__ = ["both", "layout", "pool"]
