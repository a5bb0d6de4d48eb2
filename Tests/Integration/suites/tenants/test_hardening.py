"""What no-new-privileges= and dumpable= keep a group's own user from, and what is so without them."""

import os
import shutil
import subprocess

import pytest

from tenants.neighbours import HOSTILE

APPLICATION = '''
import os, subprocess, sys

def application(environ, start_response):
    start_response("200 OK", [])
    if environ["PATH_INFO"] == "/id":
        return [subprocess.run(["@ID@", "-u"], capture_output=True).stdout.strip()]
    return [str(os.getpid()).encode()]
'''


def start(neighbours, options: str) -> int:
    """Starts both sites; the id of the hostile one's process."""
    server = neighbours.server
    program = server.root / "id"
    shutil.copy("/usr/bin/id", program)
    program.chmod(0o4755)
    neighbours.hostile.write("app.wsgi", APPLICATION.replace("@ID@", str(program)))
    neighbours.configure(options="python-home=@VENV@ " + options)
    neighbours.start()
    return int(server.get("/hostile").body)


@pytest.mark.parametrize("options, is_root", [("", True), ("no-new-privileges=Off", True), ("no-new-privileges=On", False)])
def test_a_set_user_id_program_gives_rights_unless_it_must_not(neighbours, options, is_root):
    flags = os.statvfs(neighbours.server.root).f_flag
    if flags & os.ST_NOSUID:
        pytest.skip("set-user-ID bits mean nothing here")
    pid = start(neighbours, options)
    found = int(neighbours.server.get("/hostile/id").body)
    assert (found == 0) is is_root
    with open(f"/proc/{pid}/status") as status:
        assert f"NoNewPrivs:\t{int(not is_root)}\n" in status.read()
    neighbours.require_unharmed()


@pytest.mark.parametrize("options, is_open", [("", True), ("dumpable=On", True), ("dumpable=Off", False)])
def test_another_process_of_the_user_looks_into_it_unless_it_must_not(neighbours, options, is_open):
    pid = start(neighbours, "env=PASSWORD=geheim " + options)
    look = neighbours.hostile.command(
        "/usr/bin/python3", "-c", f"print(b'geheim' in open('/proc/{pid}/environ', 'rb').read(), "
                                  f"bool(open('/proc/{pid}/mem', 'rb')))")

    done = subprocess.run(look, capture_output=True, text=True, cwd="/")
    assert (done.stdout == "True True\n") is is_open
    if not is_open:
        assert "PermissionError" in done.stderr
    neighbours.require_unharmed()
