// Written by tools/embed-python from packages.py: change that, and run the tool.

extension PythonSource {
    /// `packages.py`.
    static let packages = PythonSource(
        #"""
        """What the module mod_wsgi takes from packages on disk."""


        def find_package():
            """The places of a mod_wsgi package on disk, whose submodules stay importable."""
            from importlib.machinery import PathFinder
            spec = PathFinder.find_spec('mod_wsgi')
            return list(spec.submodule_search_locations or ()) if spec else []
        """#)
}
