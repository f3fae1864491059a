"""Scripts of the maintainers, not in the wheel: shipped bundles, benchmark, README's table, public sources, prices."""
