"""Support for mod_wsgi packages on disk."""


def find_package():
    """The directories of a mod_wsgi package on disk, so that its submodules stay importable."""
    from importlib.machinery import PathFinder
    spec = PathFinder.find_spec('mod_wsgi')
    return list(spec.submodule_search_locations or ()) if spec else []
