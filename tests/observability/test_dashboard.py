"""Nothing is drawn, and nobody is woken, for a figure that the product does not tell."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from backend.batching import Batcher
from backend.observability import figures, metrics
from backend.web.admission import Admission, refusals
from tests.observability.conftest import told
from tests.observability.test_figures import left_in_the_post
from tests.observability.test_metrics import answer
from tests.setup.processes import ROOT

PLACE = ROOT / "backend/observability"
GIVEN_BY_PROMETHEUS = {"up"}
LABELS_OF_PROMETHEUS = {"job", "instance", "le"}
_NAME = re.compile(r"\b(?:tongxing|process)_\w+|\bup\b")
_GROUPED = re.compile(r"\bby \(([^)]*)\)")
_CHOSEN = re.compile(r"\{([^}]*)\}")
_SHOWN = re.compile(r"\{\{(\w+)\}\}")


def expressions() -> Iterator[tuple[str, str]]:
    """Yield what the dashboard draws and the alerts watch, each with its legend."""
    dashboard = json.loads((PLACE / "grafana/dashboard.json").read_text("utf-8"))
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"], target["legendFormat"]
    for group in yaml.safe_load((PLACE / "alerts.yml").read_text("utf-8"))["groups"]:
        for rule in group["rules"]:
            yield rule["expr"], ""


@pytest.fixture
async def exported(db: None) -> dict[str, set[str]]:
    """The samples of API and worker after a little of everything, with their labels."""

    async def work() -> None:
        return None

    await left_in_the_post()
    door = Admission(answer)

    async def as_asked(numbers: Sequence[int]) -> Sequence[int]:
        return numbers

    await Batcher(as_asked).ask(1)
    metrics.route_of("GET", "/v1/me").answered("2xx")
    metrics.route_of("GET", "/v1/me").seconds(0.1)
    metrics.pool_waited(0.1)
    await metrics.timed("round", "post", work)()
    gathered = await figures.gather()
    metrics.tell(gathered)
    names: dict[str, set[str]] = {}
    assert set(refusals()) == {lane.name for lane in door.lanes}
    for family in text_string_to_metric_families(told()):
        for sample in family.samples:
            names.setdefault(sample.name, set()).update(sample.labels)
    # Without standbys there is no sample of theirs.
    for figure in gathered:
        names.setdefault(figure.name, set()).update(figure.labels)
    return names


async def test_every_figure_on_the_dashboard_is_told(exported: dict[str, set[str]]) -> None:
    drawn = {name for expression, _ in expressions() for name in _NAME.findall(expression)}
    assert len(drawn) > 30
    assert drawn - set(exported) - GIVEN_BY_PROMETHEUS == set()
    # Negative control: a figure that was renamed is missed.
    assert {"tongxing_outbox_oldest_due"} - set(exported)


async def test_every_label_on_the_dashboard_is_told(exported: dict[str, set[str]]) -> None:
    def labels_of(expression: str) -> set[str]:
        names = _NAME.findall(expression)
        return LABELS_OF_PROMETHEUS.union(*(exported.get(name, set()) for name in names))

    def named_in(expression: str, legend: str) -> set[str]:
        grouped = ",".join(_GROUPED.findall(expression)).split(",")
        chosen = [
            part.partition("=")[0] for part in ",".join(_CHOSEN.findall(expression)).split(",")
        ]
        return {name.strip() for name in [*grouped, *chosen, *_SHOWN.findall(legend)]} - {""}

    for expression, legend in expressions():
        assert named_in(expression, legend) <= labels_of(expression), expression
    assert not named_in("sum by (school) (tongxing_requests_total)", "") <= labels_of(
        "tongxing_requests_total"
    )


async def test_everything_told_is_drawn(exported: dict[str, set[str]]) -> None:
    """A figure nobody looks at is one to take out."""
    drawn = "\n".join(expression for expression, _ in expressions())
    ours = {name for name in exported if name.startswith("tongxing_")}
    histograms = {name.removesuffix("_bucket") for name in ours if name.endswith("_bucket")}
    left_out = {
        name
        for name in ours
        if name not in drawn and re.sub("_(bucket|sum|count)$", "", name) not in histograms
    }
    assert left_out == set()


def test_prometheus_asks_where_the_processes_of_compose_tell() -> None:
    told_to: Any = yaml.safe_load((PLACE / "prometheus.yml").read_text("utf-8"))
    compose: Any = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    asked = {
        (name, block["port"])
        for job in told_to["scrape_configs"]
        for block in job["dns_sd_configs"]
        for name in block["names"]
    }
    assert asked == {("api", 9100), ("worker", 9100)}
    assert "TONGXING_METRICS_PORT=9100" in (ROOT / "compose.yaml").read_text("utf-8")
    services, configs = compose["services"], compose["configs"]
    for name, _ in asked:
        assert services[name]["environment"]["TONGXING_METRICS_HOST"] == "0.0.0.0"
        assert set(services[name]["networks"]) & set(services["prometheus"]["networks"])
    for watcher in ("prometheus", "grafana"):
        assert services[watcher]["profiles"] == ["observability"]
        for config in services[watcher]["configs"]:
            assert (ROOT / configs[config["source"]]["file"]).is_file()
    targets = {config["target"] for config in services["prometheus"]["configs"]}
    assert set(told_to["rule_files"]) <= targets
    provider: Any = yaml.safe_load((PLACE / "grafana/provider.yml").read_text("utf-8"))
    folder = provider["providers"][0]["options"]["path"]
    boards = {config["target"] for config in services["grafana"]["configs"]}
    home = services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home in boards and home.startswith(folder)
