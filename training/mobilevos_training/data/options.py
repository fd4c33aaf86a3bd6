"""What a recipe decides about its data: sources, sampling in time, augmentation, and the number of targets."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from mobilevos_training.data.augment_options import HouseAugment, NotNegative, Positive, Share, SupplementAugment
from mobilevos_training.options import Options

Layout: TypeAlias = Literal[
    "davis",
    "davis2016",
    "davis2017",
    "youtube-vos",
    "bl30k",
    "static",
    "ecssd",
    "duts",
    "fss1000",
    "hrsod",
    "big",
    "image-mask-pairs",
]
MaskKind: TypeAlias = Literal["auto", "ids", "binary"]


class SourceOptions(Options):
    """A data set on disk, and how often it is drawn.

    Attributes:
        layout: how its folders are arranged, see docs/data.md.
        path: its folder, relative to the data folder; a glob for sets of images, such as `static/*`.
        annotations: the folder of the masks, for `davis` only.
        split: the split to read, where the publisher ships several.
        images: for `image-mask-pairs`: a pattern of image files below `path`, such as `photos/*.jpg`.
        masks: for `image-mask-pairs`: the pattern of their masks; each `*` stands for what it matched in `images`.
        kind: of the masks; `ids`, `binary` (object from 128 on), or `auto`: `binary` where a grey mask holds only 0 and
            255. None takes the layout's.
        weight: how often an item (a video or an image) is drawn, relative to items of other sources.
        share: the share of all clips that come from this source; the sources without one divide the rest.
        sparse: only some frames of its videos are annotated: the `session` sampling then goes from one to the next.
    """

    layout: Layout
    path: str
    annotations: str = "Annotations"
    split: str = "train"
    images: str | None = None
    masks: str | None = None
    kind: MaskKind | None = None
    weight: Positive = 1.0
    share: Share | None = None
    sparse: bool = False

    @model_validator(mode="after")
    def _patterns(self) -> SourceOptions:
        if (self.layout == "image-mask-pairs") != (self.images is not None and self.masks is not None):
            raise ValueError("give `images` and `masks` for the layout image-mask-pairs, and only there")
        return self


class TargetOptions(Options):
    """How many objects a clip asks for.

    Attributes:
        most: the most targets of a clip.
        several: the share of the steps whose clips have more than one target; 1 where every clip takes what it shows.
        smallest: what a target covers of the first frame: a share of the crop, or pixels from 1 on.
    """

    most: Annotated[int, Field(ge=1, le=100)] = 2
    several: Share = 0.3
    smallest: NotNegative = 0.003


class SessionSampling(Options):
    """Frames as the memory of a running session sees them: the reference is far away, the others are close.

    Attributes:
        reference_gap: the largest distance in frames from the first frame to the second.
        step_gap: the largest distance between later frames.
        reverse: how often a clip runs backwards.
    """

    kind: Literal["session"] = "session"
    reference_gap: Annotated[int, Field(ge=1)] = 25
    step_gap: Annotated[int, Field(ge=1)] = 3
    reverse: Share = 0.5


class CurriculumSampling(Options):
    """Ordered frames whose largest distance grows and shrinks with the training (STCN supplement F.4).

    Attributes:
        distances: the largest distance between neighbouring frames of a clip, in annotated frames.
        starts: the share of all steps from which each distance holds; BL30K uses 0.8 for the last.
        reverse: how often a clip runs backwards.
    """

    kind: Literal["curriculum"] = "curriculum"
    distances: tuple[Annotated[int, Field(ge=1)], ...] = (5, 10, 15, 20, 25, 5)
    starts: tuple[Share, ...] = (0.0, 0.1, 0.2, 0.3, 0.4, 0.9)
    reverse: Share = 0.5

    @model_validator(mode="after")
    def _lengths(self) -> CurriculumSampling:
        if len(self.distances) != len(self.starts) or not self.starts or self.starts[0] != 0:
            raise ValueError("curriculum: `distances` and `starts` have the same length, and `starts` begins with 0")
        if list(self.starts) != sorted(self.starts):
            raise ValueError("curriculum: `starts` must ascend")
        return self


def _cells(crop: int) -> int:
    if crop % 16 > 1:
        raise ValueError(f"{crop} is neither a multiple of 16 nor one more; {crop - crop % 16} is")
    return crop


class DataOptions(Options):
    """The data of a recipe.

    Attributes:
        sources: where images come from.
        frames: frames per clip; the first one comes with its mask.
        crop: side of the square crops, in pixels: a multiple of 16, or, for the AOT family, one more.
        targets: how many objects a clip asks for.
        sampling: which frames of a video a clip takes.
        augment: how frames are changed.
        merge: how often the objects of a second clip move over a clip (dynamic merge, AOT section 5).
    """

    sources: Annotated[tuple[SourceOptions, ...], Field(min_length=1)]
    frames: Annotated[int, Field(ge=2)] = 4
    crop: Annotated[int, Field(ge=64), AfterValidator(_cells)] = 256
    targets: TargetOptions = TargetOptions()
    sampling: Annotated[SessionSampling | CurriculumSampling, Field(discriminator="kind")] = SessionSampling()
    augment: Annotated[HouseAugment | SupplementAugment, Field(discriminator="style")] = HouseAugment()
    merge: Share = 0.0

    @model_validator(mode="after")
    def _shares(self) -> DataOptions:
        shares = [source.share for source in self.sources if source.share is not None]
        complete = len(shares) == len(self.sources)
        if sum(shares) > 1 + 1e-6 or (complete and abs(sum(shares) - 1) > 1e-6):
            raise ValueError(f"data.sources: the shares add up to {sum(shares):g}; they must add up to 1")
        if not complete and sum(shares) > 1 - 1e-6:
            raise ValueError("data.sources: the shares leave nothing for the sources without one")
        return self
