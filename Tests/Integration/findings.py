"""What `httpd -t` finds in a configuration that it accepts."""

import re

_FINDING = re.compile(r"^(WSGI\d{4}): (?:(\S+):(\d+): )?(.*)$")


def of(server) -> list[tuple[str, int | None, str]]:
    """(id, line of httpd.conf, text) of each finding; fails when the configuration is refused."""
    done = server.test_config()
    # The status tells whether a process group cannot serve.
    is_error = " of mod_wsgi " in done.stdout and "The group will answer 503." in done.stdout
    assert done.returncode == (1 if is_error else 0) and ("Syntax OK" in done.stdout) is not is_error, done.stdout
    found = []
    for line in done.stdout.splitlines():
        if match := _FINDING.match(line):
            tag, file, number, text = match.groups()
            assert file is None or file == str(server.config_file), line
            found.append((tag, number and int(number), text))
    return found


def expect(server, tag: str, directive: str, *parts: str) -> str:
    """The text of the only finding; it must be about the first line with `directive` and contain `parts`."""
    found = of(server)
    assert len(found) == 1, found
    assert found[0][:2] == (tag, server.line_of(directive)), found
    for part in parts:
        assert part in found[0][2], found[0][2]
    return found[0][2]
