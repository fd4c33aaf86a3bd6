"""Training data: readers of published layouts, a cache of decoded frames, augmentation, clips and their loader."""
