"""A script without any function that is asked for."""
