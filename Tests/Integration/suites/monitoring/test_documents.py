"""Alerts, dashboard and documentation name the metrics that there are."""

import json
import re

import env
from monitoring.status_pages import APPS, PAGES
from polling import until
from shared_server import hosting

DOCS = env.REPOSITORY / "docs"
NAME = re.compile(r"\bwsgi_[a-z_]+\b")


def names(server) -> set[str]:
    """The names of all samples; histograms by their families."""
    found = set()
    for line in server.get("/wsgi-metrics").text.splitlines():
        if not line.startswith("#"):
            found.add(re.sub(r"_seconds_(bucket|count|sum)$", "_seconds", NAME.match(line)[0]))
    return found


def test_metrics(launch):
    server = launch(hosting("daemon") + APPS + PAGES)
    server.log.allow("WSGI0135")
    server.configure("")
    assert server.get("/hello").status == 200
    until(lambda: "wsgi_process_open_files" in names(server), "the process to serve")
    present = names(server) | {"wsgi_log_messages_total"}

    documented = {name for row in re.findall(r"^\| (`wsgi_.*?) \|", (DOCS / "reference/metrics.md").read_text(), re.MULTILINE)
                  for name in NAME.findall(row)}
    assert documented == present

    alerts = (DOCS / "monitoring/alerts.yml").read_text()
    assert len(re.findall("- alert:", alerts)) == 6
    used = set(NAME.findall(" ".join(re.findall(r"expr:(.*?)(?:\n +for:|\n +labels:)", alerts, re.DOTALL))))
    assert used and used <= present

    dashboard = json.loads((DOCS / "monitoring/grafana-dashboard.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    used = {re.sub("_bucket$", "", name) for name in NAME.findall(" ".join(expressions))}
    assert len(expressions) > 12 and used <= present


def test_every_alert_is_explained():
    alerts = re.findall(r"- alert: (\w+)", (DOCS / "monitoring/alerts.yml").read_text())
    page = (DOCS / "guide/monitoring.md").read_text()
    assert [name for name in alerts if f"`{name}`" not in page] == []
