"""Runtimes under the one contract of `base.Backend`."""
