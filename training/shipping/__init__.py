"""Scripts of the maintainers: the shipped bundles, their benchmark, README's figures, public sources, frozen prices."""
