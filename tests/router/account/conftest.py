"""The fixture that runs coroutines over real connections is the providers' own."""

from tests.router.providers.conftest import run

__all__ = ["run"]
