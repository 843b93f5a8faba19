"""Figures for Prometheus; one registry per application, so that two in one process do not mix."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
PIECES = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """What happened and how long it took, never what it was about."""

    content_type = CONTENT_TYPE_PLAIN_0_0_4

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        given: Any = {"namespace": "mmpt_sign", "registry": self.registry}
        self.requests = Counter("requests", "Requests by route and status.", ["route", "status"], **given)
        self.refused = Counter("refused", "Requests that were not answered, by cause.", ["code"], **given)
        self.seconds = Histogram("request_seconds", "From request to answer.", ["route"], buckets=SECONDS, **given)
        self.inside = Gauge("requests_inside", "Requests being worked on.", **given)
        self.bytes_inside = Gauge("bytes_inside", "Bytes of the requests being worked on.", **given)
        self.waiting = Gauge("queue_positions", "Frames and text tokens that wait for the model.", **given)
        self.waited = Histogram("queue_seconds", "From the queue to the model.", buckets=SECONDS, **given)
        self.batches = Histogram("batch_pieces", "Clips or texts per batch.", ["kind"], buckets=PIECES, **given)
        self.model = Histogram("batch_seconds", "Time of the model.", ["kind"], buckets=SECONDS, **given)
        ProcessCollector(registry=self.registry)  # memory and processor time, where the system tells
        self.decoded = Histogram("decode_seconds", "From the body to frames.", buckets=SECONDS, **given)

    def text(self) -> bytes:
        """In the format that Prometheus reads."""
        return generate_latest(self.registry)
