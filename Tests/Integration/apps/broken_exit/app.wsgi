"""Leaves while it is loaded."""

import sys

sys.exit("left while loading")
