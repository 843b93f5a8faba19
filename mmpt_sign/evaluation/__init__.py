"""How good a model is: retrieval metrics, baselines, intervals, reports, and the tables made from finished runs."""

from __future__ import annotations

from mmpt_sign.evaluation.metrics import query_ranks, retrieval, selection, summary

__all__ = ["query_ranks", "retrieval", "selection", "summary"]
