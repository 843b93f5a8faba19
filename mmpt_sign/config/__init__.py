"""Typed experiments: load, inherit, override, validate, show."""
