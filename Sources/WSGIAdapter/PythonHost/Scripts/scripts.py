"""Scripts as modules."""

import os
import sys


def read_script(path):
    """The source of a script, its modification time in microseconds, and a module for it.

    The module has the attributes of an imported one, above all a loader, which frameworks use to find files beside it.
    """
    from importlib.machinery import ModuleSpec, SourceFileLoader
    try:
        from _md5 import md5
    except ImportError:
        from hashlib import md5
    with open(path, 'rb') as file:
        modified = os.fstat(file.fileno()).st_mtime_ns // 1000
        source = file.read()
    name = '_mod_wsgi_' + md5(os.fsencode(path), usedforsecurity=False).hexdigest()
    module = type(sys)(name)
    loader = SourceFileLoader(name, path)
    module.__spec__ = spec = ModuleSpec(name, loader, origin=path)
    spec.has_location = True
    module.__loader__, module.__package__, module.__file__ = loader, spec.parent, path
    if spec.cached is not None:
        module.__cached__ = spec.cached
    module.__mtime__ = modified
    return source, modified, module


def callables(module):
    """Names in a module that look like WSGI applications, for a message."""
    return ', '.join(
        name for name, value in vars(module).items()
        if name.isidentifier() and not name.startswith('_') and callable(value) and not isinstance(value, type)
        and getattr(value, '__module__', module.__name__) == module.__name__)
