"""The stubs for type checkers are those of the module that applications import."""

import pathlib
import re
import subprocess
import sys


HERE = pathlib.Path(__file__).parent
STUBS = HERE.parents[3] / "conf" / "stubs"


def run(*words, **options):
    return subprocess.run([sys.executable, "-B", *words], capture_output=True, text=True, timeout=300, **options)


def stubtest(request, stubs):
    module = pathlib.Path(request.config.option.module)
    return run(HERE / "stubtest_in_engine.py", module.parent / "mod_wsgi" / "_wsgi_engine.abi3.so", stubs, cwd=stubs)


def test_stubs_describe_the_module(request):
    done = stubtest(request, STUBS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no issues found in 2 modules" in done.stdout


def test_a_difference_is_found(request, tmp_path):
    for stub in STUBS.glob("*.pyi"):
        text = stub.read_text().replace("def subscribe_shutdown(callback:", "def subscribe_shutdown(function:")
        (tmp_path / stub.name).write_text(text.replace("mpm_name: str\n", "mpm: str\n"))
    done = stubtest(request, tmp_path)
    assert done.returncode == 1
    for name in ("mod_wsgi.subscribe_shutdown", "apache.mpm"):
        assert f"error: {name} " in done.stdout, done.stdout + done.stderr


APPLICATION = '''
import mod_wsgi
from mod_wsgi import LogHandler, RequestTimeout

@mod_wsgi.subscribe_shutdown
def stopping(name: str, *, shutdown_reason: str) -> None: ...

@mod_wsgi.subscribe_events
def event(name: str, **payload: object) -> dict[str, object] | None:
    return {"application_object": None}

reveal_type(stopping)
reveal_type(mod_wsgi.version)
metrics = mod_wsgi.request_metrics()
if metrics:
    reveal_type(metrics["application_time"])
    metrics["application"]
mod_wsgi.FileWrapper(open("x", "rb"))
mod_wsgi.FileWrapper(open("x"))
LogHandler(level="INFO")
raise RequestTimeout
'''


def test_an_application_is_checked(tmp_path):
    (tmp_path / "app.py").write_text(APPLICATION)
    done = run("-m", "mypy", "--strict", "app.py", cwd=tmp_path, env={"MYPYPATH": str(STUBS)})
    found = re.findall(r"app.py:(\d+): (\w+): (.*)", done.stdout)
    revealed = [text.partition("Revealed type is ")[2] for _, _, text in found if text.startswith("Revealed")]
    assert revealed == ['"def (name: str, *, shutdown_reason: str)"', '"tuple[int, int, int]"', '"float"'], done.stdout
    errors = [text for _, kind, text in found if kind == "error"]
    assert len(errors) == 2 and "no key" in errors[0] and "TextIOWrapper" in errors[1], done.stdout
