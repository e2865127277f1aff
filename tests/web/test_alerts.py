"""The alert rules for Prometheus: what they ask for is there in a scrape, so each of them can go off."""

import re
from collections import defaultdict
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from chat.errors import Unavailable
from chat.web import metrics

ROOT = Path(__file__).resolve().parents[2]
RULES = (ROOT / "deploy/alerts.yml").read_text()
# A metric, and what is in braces behind it.
ASKED = re.compile(r"\b((?:chat|process)_[a-z_]+)(?:\{([^{}]*)\})?")
# What a metric of each kind is asked for by.
ENDINGS = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_count", "_sum"]}


@pytest.fixture
async def scrape(url: str) -> str:
    """What a web process answers that has been asked for its health and has refused a message."""
    metrics.send_errors.labels(Unavailable.code)
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{url}/health/ready") as ready:
            assert ready.status == 200
        async with http.get(f"{url}/metrics") as answer:
            return await answer.text()


def names(text: str) -> set[str]:
    """All names under which something can be asked for, also where nothing has been counted yet."""
    families = text_string_to_metric_families(text)
    return {f"{family.name}{ending}" for family in families for ending in ENDINGS[family.type]}


def test_each_metric_of_the_rules_is_in_a_scrape(scrape: str) -> None:
    asked = {name for name, _ in ASKED.findall(RULES)}
    assert len(asked) > 10
    assert asked - names(scrape) == set()


def test_each_label_of_the_rules_is_in_a_scrape(scrape: str) -> None:
    found = defaultdict(set)
    for family in text_string_to_metric_families(scrape):
        for sample in family.samples:
            for label, value in sample.labels.items():
                found[sample.name, label].add(value)
    asked = {
        (name, *matcher)
        for name, matchers in ASKED.findall(RULES)
        for matcher in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', matchers)
        # Prometheus adds this one by itself.
        if matcher[0] != "job"
    }
    assert {label for _, label, *_ in asked} == {"code", "le", "route", "status"}
    for name, label, operator, value in asked:
        assert found[name, label], f"{name} has no {label}"
        # No process of this test answers with a failure.
        if operator == "=" and label != "status":
            assert value in found[name, label], f'{name}{{{label}="{value}"}}'


def test_each_metric_is_listed_in_the_operations_guide(scrape: str) -> None:
    guide = (ROOT / "docs/operations.md").read_text()
    ours = {name.removesuffix("_bucket") for name in names(scrape) if name.startswith("chat_")}
    counted = {name for name in ours if not name.endswith(("_count", "_sum"))}
    assert {name for name in counted if f"`{name}`" not in guide} == set()
