"""Raises while it is loaded."""


def configure():
    raise RuntimeError("raised while loading")


configure()
