"""The variants of AOT (Yang et al., AOT and AOST, section 5) and of DeAOT: one line each."""

from __future__ import annotations

from dataclasses import dataclass

# The size M of the identity bank, and with it the most objects that one pass can follow.
IDENTITIES = 10
# C, the width of the propagated embeddings.
CHANNELS = 256


@dataclass(frozen=True)
class Deformation:
    """The deformable attention of a model (Truong et al., "Self-supervised VOS with Distillation Learning of Deformable
    Attention", section 3.2.2).

    Attributes:
        long_term, short_term, self_attention: g, the grid-size factor of each propagation: one sampled point for g x g
            cells. With 4 the short-term propagation costs less than the local attention that it replaces.
        groups: S, of the queries' channels; each has its own offsets.
        offset_range: how far a point may move along an axis, in distances between points. 1 is the factor that DAT
            recommends (2, in halves of that distance).
        locality: whether both memories have a prior on the distance (not in the paper).
    """

    long_term: int = 2
    short_term: int = 4
    self_attention: int = 2
    groups: int = 2
    offset_range: float = 1.0
    locality: bool = True


@dataclass(frozen=True)
class AOTConfig:
    """Everything that tells one variant from another.

    Attributes:
        name: the registered name.
        backbone: the encoder, `mobilenetv2` or `resnet50`.
        layers: L, the number of propagation blocks.
        block: `lstt` (AOT), `lstt_v2` (AOTv2, AOST), `gated` (DeAOT) or `gated_deform`.
        long_term_gap: a frame joins the long-term memory every so many frames when testing (delta of section 5); none
            keeps the reference frame alone.
        scalable: whether the depth can be chosen at run time (AOST, section 4.3).
        paper_parameters: the count that the authors give, in millions; none where they give none.
        deformation: of `gated_deform`.
    """

    name: str
    backbone: str
    layers: int
    block: str
    long_term_gap: int | None = None
    scalable: bool = False
    paper_parameters: float | None = None
    deformation: Deformation = Deformation()

    @property
    def decodes_all_layers(self) -> bool:
        """Whether the decoder sees the output of every layer (AOT) or of the last one alone (DeAOT)."""
        return self.block.startswith("lstt")


CONFIGS = (
    AOTConfig("aot-t", "mobilenetv2", 1, "lstt", paper_parameters=5.7),
    AOTConfig("aot-s", "mobilenetv2", 2, "lstt", paper_parameters=7.0),
    AOTConfig("aot-b", "mobilenetv2", 3, "lstt", paper_parameters=8.3),
    AOTConfig("aot-l", "mobilenetv2", 3, "lstt", long_term_gap=5, paper_parameters=8.3),
    AOTConfig("r50-aot-l", "resnet50", 3, "lstt", long_term_gap=5, paper_parameters=14.9),
    AOTConfig("aotv2-l", "mobilenetv2", 3, "lstt_v2", long_term_gap=5, paper_parameters=8.5),
    AOTConfig("aost", "mobilenetv2", 3, "lstt_v2", long_term_gap=5, scalable=True, paper_parameters=8.8),
    AOTConfig("deaot-t", "mobilenetv2", 1, "gated", paper_parameters=7.2),
    AOTConfig("deaot-s", "mobilenetv2", 2, "gated", paper_parameters=10.2),
    AOTConfig("deaot-b", "mobilenetv2", 3, "gated", paper_parameters=13.2),
    AOTConfig("deaot-l", "mobilenetv2", 3, "gated", long_term_gap=5, paper_parameters=13.2),
    AOTConfig("r50-deaot-l", "resnet50", 3, "gated", long_term_gap=5, paper_parameters=19.8),
    AOTConfig("deaot-t-deform", "mobilenetv2", 1, "gated_deform"),
)
