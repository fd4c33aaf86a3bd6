"""What a recipe decides about augmentation: the figures of the house style, and those of the STCN supplement."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field, PositiveInt

from mobilevos_training.options import Options

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Number = TypeVar("Number", int, float)


def _ordered(limits: tuple[Number, Number]) -> tuple[Number, Number]:
    if limits[0] > limits[1]:
        raise ValueError(f"a range is [smallest, largest], not {list(limits)}")
    return limits


def _ordered_above_zero(limits: tuple[float, float]) -> tuple[float, float]:
    if limits[0] <= 0:
        raise ValueError(f"a range of factors starts above 0, unlike {list(limits)}")
    return _ordered(limits)


def _adding_up(probabilities: tuple[float, ...]) -> tuple[float, ...]:
    if abs(sum(probabilities) - 1) > 1e-6:
        raise ValueError(f"probabilities must add up to 1, unlike {list(probabilities)}")
    return probabilities


Range = Annotated[tuple[float, float], AfterValidator(_ordered)]
ShareRange = Annotated[tuple[Share, Share], AfterValidator(_ordered)]
Counts = Annotated[tuple[Share, ...], AfterValidator(_adding_up)]
FactorRange = Annotated[tuple[float, float], AfterValidator(_ordered_above_zero)]


class MotionOptions(Options):
    """How far a layer may move within a clip; standard deviations per frame.

    Attributes:
        drift: of the clip's constant velocity, as a share of the crop's side.
        jitter: of each frame's own displacement, likewise.
        turn: of the rotation, degrees.
        zoom: of the logarithm of the scale.
        shear: of the shear.
        elastic: of the control points of a smooth deformation, as a share of the crop's side; 0 for none.
    """

    drift: NotNegative = 0.0
    jitter: NotNegative = 0.0
    turn: NotNegative = 0.0
    zoom: NotNegative = 0.0
    shear: NotNegative = 0.0
    elastic: NotNegative = 0.0


class ColourOptions(Options):
    """Figures of the house style's colour changes, one draw for all frames of a clip unless said otherwise.

    Attributes:
        contrast: factor about mid-grey.
        tint: factor of each channel.
        brightness: largest offset, in levels of 255.
        flicker: standard deviation of each frame's own offset, in levels.
        gamma: standard deviation of the logarithm of the exponent.
        grey: how often all colour goes.
        saturation: factor on the colour.
        blur: how often, and `blur_sigma` how much, in pixels.
        blur_sigma: standard deviation of the blur, in pixels.
        jpeg: how often the frames are compressed.
        jpeg_quality: JPEG quality, 0 to 100.
    """

    contrast: FactorRange = (0.75, 1.25)
    tint: FactorRange = (0.92, 1.08)
    brightness: NotNegative = 25.0
    flicker: NotNegative = 4.0
    gamma: NotNegative = 0.2
    grey: Share = 0.07
    saturation: Range = (0.6, 1.4)
    blur: Share = 0.15
    blur_sigma: FactorRange = (0.4, 1.3)
    jpeg: Share = 0.2
    jpeg_quality: tuple[int, int] = (25, 80)


class CutoutOptions(Options):
    """Cut-out objects of other images that move over a clip: distractors, occluders, or targets of their own.

    Attributes:
        counts: the probabilities of 0, 1, 2, ... cut-outs.
        photos: how often a cut-out is from a photo and not from a video's frame.
        shares: of its own image that a cut-out object covers.
        extent: its longer side, as a share of the crop's.
        motion: of the cut-out.
        clinging: how often it touches an object and moves with it, as a hand does with what it holds.
        grip: its motion beside that of the object which it clings to.
    """

    counts: Counts = (0.4, 0.4, 0.2)
    photos: Share = 0.7
    shares: Range = (0.01, 0.4)
    extent: FactorRange = (0.15, 0.55)
    motion: MotionOptions = MotionOptions(drift=0.06, jitter=0.02, turn=5.0, zoom=0.06, shear=0.04, elastic=0.01)
    clinging: Share = 0.0
    grip: MotionOptions = MotionOptions(jitter=0.004, turn=1.5, zoom=0.01)


class SolidOptions(Options):
    """Solids: random bodies that turn in space, so that sides come into view which the first frame does not show.

    Attributes:
        counts: the probabilities of 0, 1, 2, ... solids in a clip.
        parts: the fewest and the most convex parts of a body.
        extent: the longest a body can look, as a share of the crop's side.
        spin: standard deviation of its turn about an axis in space, degrees per frame.
        largest_turn: what it turns at most within a clip, degrees.
        likeness: how far all sides of a part have one colour, 0 (each its own texture) to 1.
        shade: the darkest that a side gets which is turned away from the light.
        motion: of the body in the picture.
    """

    counts: Counts = (0.5, 0.4, 0.1)
    parts: Annotated[tuple[PositiveInt, PositiveInt], AfterValidator(_ordered)] = (1, 4)
    extent: FactorRange = (0.2, 0.7)
    spin: NotNegative = 5.0
    largest_turn: NotNegative = 180.0
    likeness: ShareRange = (0.0, 0.9)
    shade: Share = 0.35
    motion: MotionOptions = MotionOptions(drift=0.03, jitter=0.01, turn=2.0, zoom=0.06)


class FollowOptions(Options):
    """Crops that follow a video's objects, as the SDK's view does.

    Attributes:
        share: of the clips of videos.
        extent: the longer side of the box around the objects, in crops; one draw a clip.
        scale: size of a crop's pixel against a 480p pixel's, the least and the largest whatever the extent.
        unsteady: standard deviation of the crop's middle, in crops, and of the logarithm of its scale.
    """

    share: Share = 0.5
    extent: FactorRange = (0.25, 0.75)
    scale: FactorRange = (0.5, 2.5)
    unsteady: NotNegative = 0.05


class HouseAugment(Options):
    """The project's own style: crops around objects, a moving camera, photos in motion, and cut-outs.

    Attributes:
        scale: size of a crop's pixel against a 480p pixel's.
        quarter_turns: how often a clip is turned by 90 degrees, as a phone is.
        camera: motion of a video's frames, beside their own.
        follow: crops that go with the objects; none unless given.
        photo: motion of a photo.
        cutouts: objects that move over the clip.
        solids: bodies that turn while they move over it; none unless given.
        colour: changes of colour.
    """

    style: Literal["house"] = "house"
    scale: FactorRange = (0.5, 1.1)
    quarter_turns: Share = 0.1
    camera: MotionOptions = MotionOptions(jitter=0.005, turn=0.7, zoom=0.01)
    follow: FollowOptions | None = None
    photo: MotionOptions = MotionOptions(drift=0.03, jitter=0.015, turn=4.0, zoom=0.05, shear=0.04, elastic=0.015)
    cutouts: CutoutOptions = CutoutOptions()
    solids: SolidOptions | None = None
    colour: ColourOptions = ColourOptions()


class JitterOptions(Options):
    """Largest deviations of a colour jitter in the sense of PyTorch's `ColorJitter`.

    Attributes:
        brightness: of the factor on all values, from 1.
        contrast: of the factor about the frame's mean grey, from 1.
        saturation: of the factor about each pixel's grey, from 1.
        hue: of the shift, as a share of the hue circle.
    """

    brightness: Share = 0.0
    contrast: Share = 0.0
    saturation: Share = 0.0
    hue: Annotated[float, Field(ge=0, le=0.5)] = 0.0


class StillAugment(Options):
    """Clips from one image (STCN supplement F.3.1).

    Attributes:
        scale: of the base image.
        jitter: of all frames alike.
        grey: how often all frames lose their colour.
        rotation: of each frame, largest, in degrees.
        frame_scale: of each frame.
        shear: of each frame, largest, in degrees.
        frame_jitter: of each frame.
        spline: how often a frame is bent by a thin-plate spline.
        spline_points: the spline's number of control points.
        spline_sigma: standard deviation of their displacement, as a share of the crop's side.
    """

    scale: FactorRange = (0.8, 1.5)
    jitter: JitterOptions = JitterOptions(brightness=0.1, contrast=0.05, saturation=0.05, hue=0.05)
    grey: Share = 0.05
    rotation: NotNegative = 20.0
    frame_scale: FactorRange = (0.9, 1.1)
    shear: Annotated[float, Field(ge=0, lt=90)] = 10.0
    frame_jitter: JitterOptions = JitterOptions(brightness=0.1, contrast=0.05, saturation=0.05)
    spline: Share = 0.33
    spline_points: Annotated[int, Field(ge=3)] = 12
    spline_sigma: NotNegative = 0.02


class VideoAugment(Options):
    """Clips from videos (STCN supplement F.3.2; F.3.3 has 0.25 as the smallest `area`).

    Attributes:
        area: of the random crop, as a share of the frame's.
        ratio: width by height of the random crop.
        jitter: of all frames alike.
        grey: how often all frames lose their colour.
        rotation: of each frame, largest, in degrees.
        shear: of each frame, largest, in degrees.
        frame_jitter: of each frame.
    """

    area: Annotated[tuple[Share, Share], AfterValidator(_ordered_above_zero)] = (0.36, 1.0)
    ratio: FactorRange = (0.75, 1.25)
    jitter: JitterOptions = JitterOptions(brightness=0.1, contrast=0.03, saturation=0.03)
    grey: Share = 0.05
    rotation: NotNegative = 15.0
    shear: Annotated[float, Field(ge=0, lt=90)] = 10.0
    frame_jitter: JitterOptions = JitterOptions(brightness=0.01, contrast=0.01, saturation=0.01)


class SupplementAugment(Options):
    """The style of the STCN supplement, section F.3, which MobileVOS follows.

    Attributes:
        flip: how often a clip is mirrored.
        still: figures for clips from one image.
        video: figures for clips from videos.
    """

    style: Literal["supplement"] = "supplement"
    flip: Share = 0.5
    still: StillAugment = StillAugment()
    video: VideoAugment = VideoAugment()
