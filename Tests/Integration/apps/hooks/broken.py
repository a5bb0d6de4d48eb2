"""A script that cannot be loaded."""

raise RuntimeError("raised while loading a hook")
