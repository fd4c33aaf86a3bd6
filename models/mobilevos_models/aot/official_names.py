"""How the parameters of the authors' public implementation are called here: the table by which its weights load."""

from __future__ import annotations

import re

# Patterns and what replaces them, one after the other. An empty name is a tensor that no model here has.
RENAMES: tuple[tuple[str, str], ...] = (
    (r"^LSTT\.mask_token$", ""),  # only ever used in training
    (r"^.*\.num_batches_tracked$", ""),
    (r"^patch_wise_id_bank\.", "identity_bank.bank."),
    (r"^id_norm\.", "identity_bank.norm."),
    (r"^LSTT\.layers\.", "layers."),
    (r"^LSTT\.decoder_norms\.", "norms."),
    (r"^(layers\.\d+)\.(linear1|linear2|activation)\.", r"\1.feed_forward.\2."),
    (r"\.dw_conv\.conv\.", ".depthwise."),  # DeAOT
)


def rename(official_name: str) -> str | None:
    """Our name of a tensor of the official state dict of AOT, AOTv2, AOST or DeAOT.

    Example:
        >>> rename("LSTT.layers.0.linear_Q.weight")
        'layers.0.linear_Q.weight'

    Returns:
        The name, or none for a tensor that is not needed.
    """
    name = official_name
    for pattern, replacement in RENAMES:
        name = re.sub(pattern, replacement, name)
    return name or None
