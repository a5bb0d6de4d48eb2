"""What the tests of this folder share: the configuration of the pages, and their contents."""

from prometheus_client.openmetrics import parser

from polling import until

PAGES = """
<Location /wsgi-metrics>
    SetHandler wsgi-metrics
    Require ip 127.0.0.1
</Location>
<Location /wsgi-status>
    SetHandler wsgi-status
    Require local
</Location>
"""

APPS = """
SetEnv TEST_SCRATCH @SCRATCH@
WSGIScriptAlias /hello @APPS@/hello/app.wsgi
WSGIScriptAlias /stuck @APPS@/stuck/app.wsgi
WSGIScriptAlias /respond @APPS@/respond/app.wsgi
WSGIScriptAlias /raising @APPS@/raising/app.wsgi
WSGIScriptAlias /digest @APPS@/input_digest/app.wsgi
WSGIScriptAlias /wait @APPS@/wait/app.wsgi
"""


def samples(server) -> dict:
    """The values of wsgi-metrics by name and labels, as prometheus_client's parser reads them."""
    answer = server.get("/wsgi-metrics")
    assert answer.status == 200, answer
    assert answer.header("Content-Type") == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    found = {}
    for family in parser.text_string_to_metric_families(answer.text):
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found, key
            found[key] = sample.value
    return found


def value(server, name: str, **labels):
    """The sum of the samples with these labels; None: there are none."""
    return total(samples(server), name, **labels)


def total(found: dict, name: str, **labels):
    values = [value for (one, known), value in found.items() if one == name and labels.items() <= dict(known).items()]
    return sum(values) if values else None


def until_value(server, expected, name: str, **labels):
    until(lambda: value(server, name, **labels) == expected, f"{name} {labels} to be {expected}")
