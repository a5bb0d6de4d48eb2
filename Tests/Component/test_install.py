"""make install and uninstall, into a directory and against packages of a dpkg of its own: test_install.py BUILD"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
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
        self.assertEqual(names, {"mod_wsgi.so", "_wsgi_engine.abi3.so", "wsgi-supervisor", "default-python", "mod_wsgi.pyi", "apache.pyi", "wsgi.load",
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
        (conf,) = self.dest.rglob("mods-available/wsgi.conf")
        conf.write_text(conf.read_text() + "# my own\n")
        self.assertEqual(self.make("install").returncode, 0)
        done = self.make("uninstall")
        self.assertIn("was changed, and is kept", done.stdout)
        self.assertEqual([path.read_text().endswith("# my own\n") for path in self.dest.rglob("*") if path.is_file()], [True])

    def test_unchanged_configuration_is_kept_up_to_date(self):
        """What an older version has shipped is no change of the administrator's."""
        self.make("install")
        shipped, conf = sorted(self.dest.rglob("wsgi.conf"), key=lambda path: path.parent.name == "mods-available")
        for path in (shipped, conf):
            path.write_text("# of an older version\n")
        self.assertEqual(self.make("install").returncode, 0)
        self.assertIn("<IfModule mod_wsgi.c>", conf.read_text())
        for path in (shipped, conf):
            path.write_text("# of an older version\n")
        done = self.make("uninstall")
        self.assertEqual((done.returncode, self.files()), (0, set()), done.stdout)

    def package(self, *names):
        """Installs a package with these files into an httpd in a directory of the test's, by a dpkg of its own."""
        modules, settings, database = self.root / "modules", self.root / "etc", self.root / "dpkg"
        tree = self.root / "package"
        for name in names:
            path = tree / str(self.root / name).lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("of the package")
        (tree / "DEBIAN").mkdir()
        (tree / "DEBIAN" / "control").write_text("Package: libapache2-mod-wsgi-py3\nVersion: 4.9.4\nArchitecture: all\n"
                                                 "Maintainer: nobody <nobody@example.com>\nDescription: test\n")
        for folder in (modules, settings / "mods-available", database / "info", database / "updates"):
            folder.mkdir(parents=True)
        (database / "status").touch()
        (database / "available").touch()
        deb = self.root / "package.deb"
        subprocess.run(["dpkg-deb", "--build", "--root-owner-group", tree, deb], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["dpkg", f"--admindir={database}", "--force-not-root,bad-path", "--log=/dev/null", "-i", deb],
                       check=True, stdout=subprocess.DEVNULL)
        self.tool("apxs", f'case "$2" in LIBEXECDIR) echo {modules} ;; SYSCONFDIR) echo {settings} ;; *) echo / ;; esac\n')
        return {"APXS": str(self.tools / "apxs"), "DPKG_ADMINDIR": str(database)}

    @unittest.skipUnless(shutil.which("dpkg-deb"), "no Debian")
    def test_files_of_a_package_are_not_replaced(self):
        for name in ("modules/mod_wsgi.so", "etc/mods-available/wsgi.load", "etc/mods-available/wsgi.conf"):
            with self.subTest(name):
                self.setUp()
                variables, file = self.package(name), self.root / name
                done = self.make("install", dest=False, **variables)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("apt purge libapache2-mod-wsgi-py3", done.stdout)
                done = self.make("uninstall", dest=False, **variables)
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(f"{file} belongs to the package libapache2-mod-wsgi-py3, and is kept", done.stdout)
                self.assertEqual(file.read_text(), "of the package")
                done = self.make("install", dest=False, FORCE="1", **variables)
                self.assertEqual(done.returncode, 0, done.stdout)
                # A configuration that is there may be the administrator's.
                self.assertEqual(file.read_bytes() == b"of the package", name.endswith("wsgi.conf"))

    @unittest.skipUnless(shutil.which("dpkg-deb"), "no Debian")
    def test_files_of_no_package(self):
        variables = self.package("modules/mod_other.so")
        done = self.make("install", dest=False, **variables)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertTrue((self.root / "etc/mods-available/wsgi.load").exists())
        self.assertEqual(self.make("uninstall", dest=False, **variables).returncode, 0)
        self.assertEqual(sorted(path.name for path in (self.root / "modules").rglob("*")), ["mod_other.so"])


class RuntimeTest(unittest.TestCase):
    """The engine beside a C++ runtime that is not its own."""

    ENGINE = pathlib.Path(os.environ.get("ENGINE") or ROOT / "build" / "mod_wsgi" / "_wsgi_engine.abi3.so")

    def run_python(self, code, **variables):
        return subprocess.run([sys.executable, "-c", code, self.ENGINE], env={"PATH": PATH} | variables, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    #: Kills whoever takes it for his own.
    FOREIGN = """
        #include <stdlib.h>
        #define DEADLY(name) void name(void) { abort(); }
        DEADLY(_Znwm) DEADLY(_Znam) DEADLY(_ZnwmSt11align_val_t) DEADLY(_ZdlPv) DEADLY(_ZdlPvm) DEADLY(_ZSt9terminatev)
        DEADLY(__cxa_guard_acquire) DEADLY(__cxa_begin_catch) DEADLY(_Unwind_Resume) DEADLY(_Unwind_RaiseException)
    """

    def foreign(self):
        """A libstdc++.so.6 that has nothing of what a C++ program needs, and something else of the same names."""
        folder = tempfile.TemporaryDirectory(prefix="wsgi-runtime-")
        self.addCleanup(folder.cleanup)
        file = pathlib.Path(folder.name, "libstdc++.so.6")
        subprocess.run(["gcc", "-shared", "-fPIC", "-w", "-Wl,-soname,libstdc++.so.6", "-x", "c", "-", "-o", file],
                       input=self.FOREIGN, text=True, check=True)
        return file

    def test_engine_beside_an_incompatible_libstdcxx(self):
        load = ("import importlib.machinery, importlib.util, sys\n"
                "spec = importlib.util.spec_from_file_location('_wsgi_engine', sys.argv[1])\n"
                "importlib.util.module_from_spec(spec)\n")
        file = self.foreign()
        other = f"import ctypes\nctypes.CDLL({str(file)!r}, ctypes.RTLD_GLOBAL)\n"
        for code in (load, other + load, load + other):
            for variable in ({"LD_LIBRARY_PATH": str(file.parent)}, {"LD_PRELOAD": str(file)}):
                done = self.run_python(code + "print('loaded')", **variable)
                self.assertEqual((done.returncode, done.stdout), (0, "loaded\n"))

    def test_products_need_the_c_library_only(self):
        """Also on a system, or in a chroot, that has no libstdc++ and no libgcc_s."""
        for name in (self.ENGINE, self.ENGINE.parent / "wsgi-supervisor"):
            listed = subprocess.run(["ldd", name], text=True, stdout=subprocess.PIPE).stdout
            needed = {line.split()[0].split("/")[-1].split(".so")[0] for line in listed.splitlines()}
            self.assertLessEqual(needed, {"linux-vdso", "libc", "libm", "ld-linux-x86-64", "ld-linux-aarch64"})
        supervisor = subprocess.run([self.ENGINE.parent / "wsgi-supervisor"], env={"LD_PRELOAD": str(self.foreign())}, text=True,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertIn("WSGI1010", supervisor.stdout)


if __name__ == "__main__":
    unittest.main()
