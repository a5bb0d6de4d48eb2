"""What `httpd -t` finds in a configuration that it accepts, or that only a finding makes it refuse."""

import re

_FINDING = re.compile(r"^(WSGI\d{4}): (?:(\S+):(\d+): )?(.*)$")
_SUMMARY = re.compile(r"^(?:One finding|(\d+) findings) of mod_wsgi (?:is an error|are errors): ")


def of(server, errors: int = 0) -> list[tuple[str, int | None, str]]:
    """(id, line of httpd.conf, text) of each finding; fails unless `errors` of them keep `httpd -t` from being content."""
    done = server.test_config()
    lines = done.stdout.splitlines()
    told = [int(match[1] or 1) for line in lines if (match := _SUMMARY.match(line))]
    assert (done.returncode, told) == ((1, [errors]) if errors else (0, [])), done.stdout
    assert ("Syntax OK" in done.stdout) is (errors == 0), done.stdout
    found = []
    for line in lines:
        if match := _FINDING.match(line):
            tag, file, number, text = match.groups()
            assert file is None or file == str(server.config_file), line
            found.append((tag, number and int(number), text))
    return found


def expect(server, tag: str, directive: str, *parts: str, error: bool = False) -> str:
    """The text of the only finding; it must be about the first line with `directive` and contain `parts`."""
    found = of(server, errors=int(error))
    assert len(found) == 1, found
    assert found[0][:2] == (tag, server.line_of(directive)), found
    for part in parts:
        assert part in found[0][2], found[0][2]
    return found[0][2]
