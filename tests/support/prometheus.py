"""The samples of `/metrics`, read as a scraper of Prometheus reads them."""

from dataclasses import dataclass

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.support.services import TLS, Service, until


@dataclass(frozen=True)
class Scrape:
    """The samples of one moment, by name and labels."""

    samples: dict[tuple[str, frozenset[tuple[str, str]]], float]
    text: str

    def __call__(self, name: str, **labels: str) -> float:
        """The value of a sample; 0 where there is none."""
        return self.samples.get((f"quantumtask_{name}", frozenset(labels.items())), 0.0)

    def names(self) -> set[str]:
        return {name for name, _ in self.samples}


def scrape(url: str | None) -> Scrape:
    """Scrapes the service at this URL."""
    answer = httpx.get(f"{url}/metrics", timeout=30, verify=TLS)
    assert answer.status_code == 200, answer.text
    families = text_string_to_metric_families(answer.text)
    samples = [sample for family in families for sample in family.samples]
    return Scrape({(s.name, frozenset(s.labels.items())): s.value for s in samples}, answer.text)


def await_sample(service: Service, name: str, value: float, **labels: str) -> Scrape:
    """The Worker's scrape once a sample has this value: it counts what was written afterwards."""
    until(lambda: scrape(service.worker_url)(name, **labels) == value, 30, service.logs)
    return scrape(service.worker_url)
