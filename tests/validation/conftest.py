"""What the tests of the validation share."""

from collections.abc import Iterator
from functools import cache

import pytest

from sinterface.validation.scores import baselines


@pytest.fixture(scope="session", autouse=True)
def equilibria_once() -> Iterator[None]:
    """Equilibria of a firing, which hang on nothing that a test changes, are computed once for all comparisons."""
    computed = cache(baselines.equilibria)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            baselines, "equilibria", lambda firing, temperatures, *rest: computed(firing, tuple(temperatures), *rest)
        )
        yield
