"""Accuracy and latency of an artifact, as JSON and as tables."""
