"""env= and env-file=: variables of daemon processes, which may be secrets."""

import pytest

import env
from evaluation import ask, configuration
from polling import until

SECRET = "s3cret-v4lue"


def variables(server, *names, path="/main"):
    return ask(server, f"[IMPORTED.get(name) for name in {list(names)!r}]", path)


def with_file(launch, options, text, start=True, name="app.env"):
    server = launch(configuration("daemon", options), start=False)
    file = server.root / name
    file.write_text(text)
    file.chmod(0o600)
    return server.start() if start else server


def test_variables_are_there_before_the_application_is_imported(launch):
    server = launch(configuration("daemon", 'env=FIRST=1 "env=SECOND=two words = 2" env=EMPTY='))
    for path in ("/main", "/one"):
        assert variables(server, "FIRST", "SECOND", "EMPTY", "OTHER", path=path) == ["1", "two words = 2", "", None]


def test_variables_replace_inherited_ones_and_those_of_other_options(launch):
    server = launch(configuration("daemon", "lang=C env=LANG=en_US.UTF-8 env=HOME=/nowhere env=PATH=/bin"))
    assert variables(server, "LANG", "HOME", "PATH") == ["en_US.UTF-8", "/nowhere", "/bin"]


def test_the_last_of_two_counts(launch):
    server = launch(configuration("daemon", "env=A=1 env=A=2"))
    assert variables(server, "A") == ["2"]


def test_variables_of_python_itself(launch):
    server = launch(configuration("daemon", "env=PYTHONPATH=/some/where env=PYTHONOPTIMIZE=1"))
    assert ask(server, "import sys\n['/some/where' in sys.path, sys.flags.optimize]") == [True, 1]


def test_groups_have_variables_of_their_own(launch):
    server = launch("""
        WSGIDaemonProcess one python-home=@VENV@ env=A=one
        WSGIDaemonProcess two python-home=@VENV@ env=A=two
        WSGIScriptAlias /one @APPS@/evaluate/app.wsgi process-group=one application-group=%{GLOBAL}
        WSGIScriptAlias /two @APPS@/evaluate/app.wsgi process-group=two application-group=%{GLOBAL}""")
    assert [variables(server, "A", path=path) for path in ("/one", "/two")] == [["one"], ["two"]]


def test_files_are_read_in_their_order_and_count_less_than_variables(launch):
    server = launch(configuration("daemon", "env=C=line env-file=@ROOT@/one.env env-file=@ROOT@/two.env"), start=False)
    (server.root / "one.env").write_text("# a comment\nA=one\nB='one \"b\"'\nC=one\n")
    (server.root / "two.env").write_text('A="two\nlines"\nC=two\n')
    assert variables(server.start(), "A", "B", "C") == ["two\nlines", 'one "b"', "line"]


def test_file_is_read_with_the_rights_of_root(launch):
    if not env.is_root():
        pytest.skip("not started by root")
    server = with_file(launch, "env-file=@ROOT@/app.env", f"SECRET={SECRET}\n")
    assert ask(server, f"import os\nos.access('{server.root}/app.env', os.R_OK)") is False
    assert variables(server, "SECRET") == [SECRET]


def test_a_missing_file_is_no_error_when_its_path_says_so(launch):
    server = launch(configuration("daemon", "env-file=-@ROOT@/nowhere.env env=A=b"))
    assert variables(server, "A") == ["b"]


def test_changes_take_effect_at_a_graceful_restart(launch):
    server = with_file(launch, "env-file=@ROOT@/app.env", "A=before\n")
    assert variables(server, "A") == ["before"]
    (server.root / "app.env").write_text("A=after\n")
    server.graceful()
    until(lambda: variables(server, "A") == ["after"], "the new value")


def test_secrets_appear_nowhere(launch):
    server = with_file(launch, f"env=ONE={SECRET}-1 env-file=@ROOT@/app.env", f"TWO={SECRET}-2\n", start=False)
    server.configure("LogLevel trace8").start()
    assert variables(server, "ONE", "TWO") == [f"{SECRET}-1", f"{SECRET}-2"]
    server.graceful()
    until(lambda: variables(server, "ONE") == [f"{SECRET}-1"], "the next generation")
    for one in server.processes():
        assert SECRET not in one.command_line
    for file in server.root.rglob("*"):
        if file.is_file() and file.name not in ("httpd.conf", "app.env"):
            assert SECRET.encode() not in file.read_bytes(), file


@pytest.mark.parametrize("text, place, word", [
    (None, "app.env", "No such file"),
    (f"A=b\nexport B={SECRET}\n", "app.env:2", "export"),
    (f"A=b\n\n{SECRET}\n", "app.env:3", "no '='"),
    (f"A='{SECRET}\n", "app.env:1", "is not closed"),
])
def test_an_unusable_file_stops_its_group_alone(launch, text, place, word):
    server = launch("""
        WSGIDaemonProcess bad python-home=@VENV@ env-file=@ROOT@/app.env
        WSGIDaemonProcess good python-home=@VENV@
        WSGIScriptAlias /bad @APPS@/hello/app.wsgi process-group=bad
        WSGIScriptAlias /good @APPS@/hello/app.wsgi process-group=good""", start=False)
    if text is not None:
        (server.root / "app.env").write_text(text)
    server.start()
    server.log.wait_for(rf"WSGI1040: .*httpd\.conf:\d+: .*{place}.*{word}")
    server.log.allow("WSGI0117")
    assert (server.get("/bad").status, server.get("/good").status) == (503, 200)
    assert SECRET not in server.log.text()
    (server.root / "app.env").write_text("A=b\n")
    server.graceful()
    until(lambda: server.get("/bad").status == 200, "the group to be served")


def test_a_directory_is_no_file_of_variables(launch):
    server = launch(configuration("daemon", "env-file=@ROOT@/htdocs"))
    server.log.wait_for("WSGI1040: ")
    server.log.allow("WSGI0117")
    assert server.get("/main").status == 503


@pytest.mark.parametrize("option", [f"env={SECRET}", f"env=1={SECRET}", f"env=A-B={SECRET}", "env-file=relative"])
def test_what_is_no_variable_is_refused(launch, option):
    done = launch(f"WSGIDaemonProcess main {option}", start=False).test_config()
    assert done.returncode != 0 and option.split("=")[0] in done.stdout
    assert SECRET not in done.stdout.replace(option, "") and "main" in done.stdout


def test_configtest_tells_of_an_unusable_file(launch):
    server = launch(configuration("daemon", "env-file=@ROOT@/app.env"), start=False)
    (server.root / "app.env").write_text(f"A=b\n{SECRET}\n")
    done = server.test_config()
    assert "WSGI1040: " in done.stdout and "app.env:2: there is no '='" in done.stdout
    assert SECRET not in done.stdout


def test_the_dump_of_the_configuration_shows_no_values(launch):
    server = launch(configuration("daemon", f"env=TOKEN={SECRET} env-file=@ROOT@/app.env"), start=False)
    (server.root / "app.env").write_text(f"OTHER={SECRET}\n")
    server.write_config()
    dump = server._run("-t", "-D", "DUMP_WSGI").stdout
    assert "TOKEN=(not shown)" in dump and "app.env" in dump and SECRET not in dump
