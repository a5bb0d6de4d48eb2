"""make install and uninstall, into a directory and against packages of a dpkg of its own: test_install.py BUILD"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
#: What sudo leaves of PATH: no toolchain.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class InstallTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="wsgi-install-")
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.dest = self.root / "dest"
        self.tools = self.root / "bin"
        self.tools.mkdir()

    def make(self, target, *words, dest=True, **variables):
        command = ["make", "-s", "-C", ROOT, target, *words] + ([f"DESTDIR={self.dest}"] if dest else [])
        environment = {"PATH": f"{self.tools}:{PATH}"} | variables
        return subprocess.run(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def tool(self, name, text):
        (self.tools / name).write_text("#!/bin/sh\n" + text)
        (self.tools / name).chmod(0o755)

    def files(self):
        return {str(path.relative_to(self.dest)) for path in self.dest.rglob("*") if path.is_file()}

    def test_what_is_built_is_installed_without_a_toolchain(self):
        done = self.make("install")
        self.assertEqual(done.returncode, 0, done.stdout)
        names = {pathlib.Path(name).name for name in self.files()}
        self.assertEqual(names, {"mod_wsgi.so", "_wsgi_engine.abi3.so", "wsgi-supervisor", "default-python", "wsgi.load",
                                 "wsgi.conf"})
        done = self.make("uninstall")
        self.assertEqual((done.returncode, self.files()), (0, set()), done.stdout)

    def test_nothing_is_built(self):
        done = self.make("install", f"BUILD={self.root}/nothing")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("run 'make' first", done.stdout)
        self.assertFalse(self.dest.exists())

    def test_changed_configuration_stays(self):
        self.make("install")
        (conf,) = self.dest.rglob("wsgi.conf")
        conf.write_text(conf.read_text() + "# my own\n")
        self.assertEqual(self.make("install").returncode, 0)
        done = self.make("uninstall")
        self.assertIn("was changed, and stays", done.stdout)
        self.assertEqual([path.read_text().endswith("# my own\n") for path in self.dest.rglob("*") if path.is_file()], [True])

    def own_by_package(self):
        """An httpd in a directory of the test's, whose files a package owns."""
        modules, settings = self.root / "modules", self.root / "etc"
        (settings / "mods-available").mkdir(parents=True)
        modules.mkdir()
        (modules / "mod_wsgi.so").write_text("of the package")
        self.tool("apxs", f'case "$2" in LIBEXECDIR) echo {modules} ;; SYSCONFDIR) echo {settings} ;; *) echo / ;; esac\n')
        self.tool("dpkg-query", f'[ "$2" = {modules}/mod_wsgi.so ] && echo "libapache2-mod-wsgi-py3: $2"\n')
        return modules / "mod_wsgi.so"

    def test_files_of_a_package_are_not_replaced(self):
        file = self.own_by_package()
        done = self.make("install", f"APXS={self.tools}/apxs", dest=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("apt purge libapache2-mod-wsgi-py3", done.stdout)
        self.assertEqual(file.read_text(), "of the package")
        done = self.make("uninstall", f"APXS={self.tools}/apxs", dest=False)
        self.assertIn("belongs to the package", done.stdout)
        self.assertEqual(file.read_text(), "of the package")
        done = self.make("install", f"APXS={self.tools}/apxs", dest=False, FORCE="1")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertNotEqual(file.read_bytes(), b"of the package")


class RuntimeTest(unittest.TestCase):
    """The engine beside a C++ runtime that is not its own."""

    ENGINE = pathlib.Path(os.environ.get("ENGINE") or ROOT / "build" / "mod_wsgi" / "_wsgi_engine.abi3.so")

    def run_python(self, code, **variables):
        return subprocess.run([sys.executable, "-c", code, self.ENGINE], env={"PATH": PATH} | variables, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def test_engine_beside_an_incompatible_libstdcxx(self):
        load = ("import importlib.machinery, importlib.util, sys\n"
                "spec = importlib.util.spec_from_file_location('_wsgi_engine', sys.argv[1])\n"
                "importlib.util.module_from_spec(spec)\n")
        with tempfile.TemporaryDirectory(prefix="wsgi-runtime-") as folder:
            fake = pathlib.Path(folder, "libstdc++.so.6")
            subprocess.run(["gcc", "-shared", "-fPIC", "-Wl,-soname,libstdc++.so.6", "-x", "c", "-", "-o", fake],
                           input=b"int nothing;", check=True)
            other = f"import ctypes\nctypes.CDLL({str(fake)!r}, ctypes.RTLD_GLOBAL)\n"
            for code in (load, other + load, load + other):
                done = self.run_python(code + "print('loaded')", LD_LIBRARY_PATH=folder)
                self.assertEqual((done.returncode, done.stdout), (0, "loaded\n"))


if __name__ == "__main__":
    unittest.main()
