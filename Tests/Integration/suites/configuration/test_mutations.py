"""Whatever stands in the configuration, httpd accepts it or refuses it with a reason: it never crashes and never hangs.

WSGI_MUTATIONS says how many configurations are tried (`make config-fuzz`: 2000), WSGI_MUTATION_SEED which ones.
"""

import concurrent.futures
import os
import random
import re
import subprocess

import pytest

import env
import httpd_config
import mutations

CASES = int(os.environ.get("WSGI_MUTATIONS", "200"))
SEED = int(os.environ.get("WSGI_MUTATION_SEED", "7"))

#: The slowest accepted answer: a crash is quick, and a loop has no end.
PATIENCE = 30


@pytest.fixture
def site(launch):
    """A server that is not started, with the files that the seeds name."""
    server = launch(start=False)
    (server.root / "site").mkdir()
    (server.root / "site" / "app.wsgi").write_text((server.apps / "hello" / "app.wsgi").read_text())
    server.write_config()
    return server


def fill(server, text):
    return httpd_config.fill(text, {"SITE": server.root / "site", "ROOT": server.root, "PORT": server.port,
                                    "VENV": server.platform.python.venv()})


def names(server) -> tuple[list[str], list[str]]:
    """Every directive of the module that is still one, and every option of WSGIDaemonProcess."""
    listed = server._run("-L").stdout
    directives = [name for name, text in re.findall(r"^(\S+) \(mod_wsgi\.c\)\n\t(.*)$", listed, re.M)
                  if not text.startswith("Removed")]
    manual = (env.REPOSITORY / "docs" / "reference" / "daemon-options.md").read_text()
    return directives, re.findall(r"^## (\S+)$", manual, re.M)


def run(server, number: int, text: str) -> tuple[int, str]:
    """The exit code of httpd -t -D DUMP_WSGI, and what it printed."""
    file = server.root / f"case-{number}.conf"
    file.write_bytes((server.config_file.read_text() + fill(server, text)).encode(errors="surrogateescape"))
    done = subprocess.run([env.httpd(), "-f", file, "-t", "-D", "DUMP_WSGI"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env=server._environment(), timeout=PATIENCE)
    file.unlink()
    return done.returncode, done.stdout.decode(errors="replace")


def fault(code: int, output: str) -> str | None:
    """What is wrong with the answer to a configuration."""
    if code not in (0, 1):
        return f"exit code {code}"
    if code == 0 and "Syntax OK" not in output:
        return "accepted without a word"
    if code == 1 and not re.search(r"line \d+|\S:\d+: |AH\d{5}|: ", output):
        return "refused without a reason"
    if found := re.search(r"Fatal error|terminating|corrupt|double free|Sanitizer|stack smashing", output):
        return found.group()
    return None


def test_seeds_are_accepted(site):
    for seed in mutations.SEEDS:
        code, output = run(site, 0, seed)
        assert code == 0 and "Syntax OK" in output, f"{seed}\n{output}"


def test_seeds_use_every_directive_and_every_option(site):
    text = "\n".join(mutations.SEEDS)
    directives, options = names(site)
    assert len(directives) > 40 and len(options) > 40
    assert [name for name in directives if name not in text] == []
    assert [name for name in options if f" {name}=" not in text] == []


def test_mutated_configurations_are_accepted_or_refused_with_a_reason(site):
    directives, options = names(site)
    generator = random.Random(SEED)
    mutator = mutations.Mutator(generator, directives + [f"{name}=" for name in options])
    texts = [mutator.configuration() for _ in range(CASES)]
    faults, accepted = [], []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda case: run(site, *case), enumerate(texts))
        for text, (code, output) in zip(texts, answers):
            if reason := fault(code, output):
                faults.append(f"--- {reason}\n{text}\n{output}")
            elif code == 0:
                accepted.append(text)
    print(f"{CASES} configurations (seed {SEED}): {len(accepted)} accepted, {CASES - len(accepted)} refused with a reason")
    assert not faults, f"{len(faults)} of {CASES}:\n" + "\n".join(faults[:3])
    assert len(accepted) > CASES / 10 and len(accepted) < CASES * 9 / 10


def is_modest(text: str) -> bool:
    """Whether this machine can be asked to carry it out."""
    numbers = [int(found) for found in re.findall(r"(?:processes|threads|stack-size)=\D?(\d+)", text)]
    return all(number <= 8 for number in numbers) and not re.search(r"chroot=|memory-limit|\d{5}", text)


def test_accepted_mutations_start_and_stop(launch):
    directives, options = names(launch(start=False))
    mutator = mutations.Mutator(random.Random(SEED + 1), directives + [f"{name}=" for name in options])
    started = 0
    for _ in range(400):
        text = mutator.configuration()
        if started >= max(6, CASES // 100) or not is_modest(text):
            continue
        server = launch(start=False)
        (server.root / "site").mkdir()
        (server.root / "site" / "app.wsgi").write_text((server.apps / "hello" / "app.wsgi").read_text())
        server.configure("@BODY@", BODY=fill(server, text).encode(errors="ignore").decode())
        server.log.allow(r"^(?!.*(exit signal|Fatal error|AH0005[12]))")
        if server.test_config().returncode != 0:
            continue
        server.start(wait=False)
        server.wait_answering()
        server.stop()
        started += 1
    assert started >= 6
