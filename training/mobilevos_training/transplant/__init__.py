"""A new encoder for a trained student: what a larger backbone sees is fitted to what the smaller one saw."""
