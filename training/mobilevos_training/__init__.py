"""Training: data, augmentation, losses, the loop and its recipes."""
