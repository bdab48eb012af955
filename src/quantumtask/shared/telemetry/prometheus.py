"""Metrics in the formats of Prometheus: the registry of a process, and its page."""

from prometheus_client import CollectorRegistry, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import choose_encoder


def new_registry() -> CollectorRegistry:
    """Return a registry with the metrics of this process."""
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    return registry


def render_page(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """Return all metrics as text, and the media type of the text.

    Args:
        registry: The metrics.
        accept: The Accept header of the scraper.
    """
    encode, media_type = choose_encoder(accept)
    return encode(registry), media_type
