"""How Python itself is started: what a command line has options for."""

import os

import pytest

import env
from evaluation import ask, configuration

pytestmark = pytest.mark.pythons


def test_bytecode_is_not_written(launch, mode):
    def writes(directives):
        return not ask(launch(configuration(mode, directives=directives)), "import sys\nsys.dont_write_bytecode")

    assert writes("") and not writes("WSGIDontWriteBytecode On")


def test_bytecode_files_do_not_appear(launch, mode):
    server = launch(configuration(mode, directives="WSGIDontWriteBytecode On"))
    (server.scratch / "some_module.py").write_text("x = 1\n")
    import_it = f"import sys\nsys.path.insert(0, '{server.scratch}')\nimport some_module\nsome_module.x"
    assert ask(server, import_it) == 1
    assert not (server.scratch / "__pycache__").exists()


@pytest.mark.parametrize("level", [0, 1, 2])
def test_optimisation(launch, mode, level):
    server = launch(configuration(mode, directives=f"WSGIPythonOptimize {level}"))
    source = "import sys\ndef f():\n    '''text'''\n[sys.flags.optimize, __debug__, f.__doc__]"
    assert ask(server, source) == [level, level == 0, None if level == 2 else "text"]


def test_optimisation_of_httpds_environment_does_not_count(launch, mode):
    server = launch(configuration(mode), start=False)
    server.environment["PYTHONOPTIMIZE"] = "2"
    assert ask(server.start(), "import sys\nsys.flags.optimize") == 0


def test_warnings_in_their_order(launch, mode):
    server = launch(configuration(
        mode, directives="WSGIPythonWarnings error::UserWarning\nWSGIPythonWarnings ignore::UserWarning:some.module"))
    options, caught = ask(server, """
        import sys, warnings
        caught = None
        try:
            warnings.warn("a warning")
        except UserWarning as error:
            caught = str(error)
        [sys.warnoptions, caught]
        """)
    assert options == ["error::UserWarning", "ignore::UserWarning:some.module"] and caught == "a warning"


def test_a_fixed_seed_makes_hashes_the_same(launch, mode):
    def hashed(directives):
        return ask(launch(configuration(mode, directives=directives)), "hash('a text')")

    assert hashed("WSGIPythonHashSeed 17") == hashed("WSGIPythonHashSeed 17")
    assert hashed("WSGIPythonHashSeed 0") != hashed("WSGIPythonHashSeed 17")
    assert hashed("WSGIPythonHashSeed random") != hashed("WSGIPythonHashSeed random")


def test_random_seeds_replace_the_one_of_httpds_environment(launch, mode):
    def hashed():
        server = launch(configuration(mode, directives="WSGIPythonHashSeed random"), start=False)
        server.environment["PYTHONHASHSEED"] = "0"
        return ask(server.start(), "hash('a text')")

    assert hashed() != hashed()


def test_embedded_applications_do_not_see_how_python_was_started(launch):
    server = launch(configuration(
        "embedded", directives="WSGIPythonHashSeed 5\nWSGIPythonOptimize 1\nWSGIDontWriteBytecode On"), start=False)
    server.environment["PYTHONOPTIMIZE"] = "2"
    seen, inherited = ask(server.start(), """
        import os, subprocess
        [{name: value for name, value in os.environ.items() if name.startswith('PYTHON')},
         subprocess.check_output(['env'], text=True).splitlines()]
        """)
    assert seen == {"PYTHONOPTIMIZE": "2"}
    assert [line for line in inherited if line.startswith("PYTHON")] == ["PYTHONOPTIMIZE=2"]


def test_directory_of_eggs(launch, mode):
    server = launch(configuration(mode, options="python-eggs=/var/eggs", directives="WSGIPythonEggs /embedded/eggs"))
    for path in ("/main", "/one"):
        found = ask(server, "import os\nos.environ.get('PYTHON_EGG_CACHE')", path)
        assert found == ("/var/eggs" if mode == "daemon" else "/embedded/eggs")


def test_eggs_of_embedded_mode_are_not_those_of_a_group(launch):
    server = launch(configuration("daemon", directives="WSGIPythonEggs /embedded/eggs"))
    assert ask(server, "import os\nos.environ.get('PYTHON_EGG_CACHE')") is None


@pytest.mark.parametrize("options, directives, expected", [
    ("", "", 0.005),
    ("switch-interval=0.02", "", 0.02),
    ("switch-interval=20ms", "WSGISwitchInterval 0.5", 0.02),
    ("", "WSGISwitchInterval 0.03", 0.03),
])
def test_switch_interval_of_a_group(launch, options, directives, expected):
    server = launch(configuration("daemon", options, directives))
    for path in ("/main", "/one"):
        assert ask(server, "import sys\nsys.getswitchinterval()", path) == pytest.approx(expected)


def test_switch_interval_of_embedded_mode(launch):
    server = launch(configuration("embedded", directives="WSGISwitchInterval 0.03"))
    assert ask(server, "import sys\nsys.getswitchinterval()") == pytest.approx(0.03)


def test_a_further_interpreter_leaves_the_switch_interval_as_it_is(launch, mode):
    server = launch(configuration(mode, "processes=1 threads=1", "WSGISwitchInterval 0.03"))
    pid = ask(server, "import os, sys\nsys.setswitchinterval(0.2)\nos.getpid()")
    ask(server, "1", "/one")
    for _ in range(50):  # embedded: until the same child answers
        interval, answering = ask(server, "import os, sys\n[sys.getswitchinterval(), os.getpid()]")
        if answering == pid:
            assert interval == pytest.approx(0.2)
            return
    raise AssertionError("the process that was changed did not answer any more")


EXIT = """
import atexit, os
os.sys.path  # the interpreter is whole
def note(name, scratch):
    with open(f'{scratch}/{name}', 'w') as file:
        file.write('ended')
atexit.register(note, %r, %r)
1
"""


@pytest.mark.parametrize("directive, ends", [("", True), ("WSGIDestroyInterpreter Off", False)])
def test_interpreters_end_with_the_process(launch, mode, directive, ends):
    server = launch(configuration(mode, directives=directive))
    for path, name in (("/main", "main"), ("/one", "one")):
        ask(server, EXIT % (name, str(server.scratch)), path)
    server.stop()
    assert {path.name for path in server.scratch.iterdir()} == ({"main", "one"} if ends else set())


def test_stopping_does_not_wait_for_threads_when_interpreters_are_not_ended(launch):
    server = launch(configuration("daemon", "shutdown-timeout=15", "WSGIDestroyInterpreter Off"))
    ask(server, "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\n1")
    server.stop(timeout=8)


def test_variables_name_the_user_where_they_are_there(launch):
    if not env.is_root():
        pytest.skip("not started by root")
    other = env.other_user()
    server = launch(configuration("daemon", f"user={other}"), start=False)
    server.environment |= {"USER": "root", "LOGNAME": "root"}
    found = ask(server.start(), "import os\n[os.environ.get(n) for n in ('HOME', 'USER', 'LOGNAME', 'USERNAME')]")
    assert found == [os.path.expanduser(f"~{other}"), other, other, None]
