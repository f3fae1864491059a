"""The measures of the shipped recipes and bundles, each a part of `training.shipping.benchmark`."""
