"""The exception of a run that was asked to stop; apart, so that the launcher knows it without fairseq."""

from __future__ import annotations


class Stopped(Exception):
    """The run was asked to stop; its state is saved and the same command goes on."""
