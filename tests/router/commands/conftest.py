from tests.router.endpoints.conftest import run

__all__ = ["run"]
