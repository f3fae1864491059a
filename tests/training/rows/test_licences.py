"""The licences that a manifest names are those of the registry of public sources."""

from training.rows.licences import PUBLIC_LICENCES
from training.shipping.sources import PUBLIC_SOURCES


def test_each_public_source_has_the_licence_that_its_registry_row_states() -> None:
    assert {source.name: source.licence for source in PUBLIC_SOURCES} == PUBLIC_LICENCES
