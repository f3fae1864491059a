"""Settings: one TOML file, environment variables over it, read once at start and checked whole.

Every fault names the key, where its value came from (file and line), and the cure; all faults are reported at once.
"""

from __future__ import annotations

from router.settings.load import ENV_PREFIX, ENV_VARIABLES, load_settings
from router.settings.rules import check_task_names
from router.settings.values import (
    DEFAULT_SAFE_TIER,
    PolicySettings,
    Settings,
    Target,
    TierSettings,
    override,
    with_echo,
)

__all__ = [
    "DEFAULT_SAFE_TIER",
    "ENV_PREFIX",
    "ENV_VARIABLES",
    "PolicySettings",
    "Settings",
    "Target",
    "TierSettings",
    "check_task_names",
    "load_settings",
    "override",
    "with_echo",
]
