"""Colour of augmentation: the house style's changes, and PyTorch's colour jitter as the STCN supplement uses it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mobilevos_training.data.augment_options import ColourOptions, JitterOptions
from mobilevos_training.data.frames import Image

Random = np.random.Generator


@dataclass(frozen=True)
class Colour:
    """One draw of the house style's colour changes, applied alike to all frames of a clip.

    Attributes:
        gain: (3,) factor of each channel about mid-grey.
        offset: added to all values, in levels.
        gamma: exponent.
        saturation: factor on the colour, 0 for grey.
        blur: standard deviation in pixels, 0 for none.
        quality: of JPEG, or none.
    """

    gain: NDArray[np.float64]
    offset: float
    gamma: float
    saturation: float
    blur: float
    quality: int | None

    @classmethod
    def draw(cls, rng: Random, options: ColourOptions) -> Colour:
        """Draws brightness, contrast, tint, gamma, saturation or grey, blur and JPEG artefacts."""
        return cls(
            gain=rng.uniform(*options.contrast) * rng.uniform(*options.tint, 3),
            offset=float(rng.uniform(-options.brightness, options.brightness)),
            gamma=float(np.exp(rng.normal(0, options.gamma))),
            saturation=0.0 if rng.random() < options.grey else float(rng.uniform(*options.saturation)),
            blur=float(rng.uniform(*options.blur_sigma)) if rng.random() < options.blur else 0.0,
            quality=int(rng.integers(*options.jpeg_quality)) if rng.random() < options.jpeg else None,
        )

    def apply(self, image: Image, brightness: float = 0.0) -> Image:
        """Applies the change to an (H, W, 3) RGB frame, with `brightness` levels added for this frame only."""
        levels = np.linspace(0, 1, 256) ** self.gamma * 255
        table = np.clip((levels[:, None] - 128) * self.gain + 128 + self.offset + brightness, 0, 255).astype(np.uint8)
        result = cv2.LUT(image, np.ascontiguousarray(table[None]))
        result = saturate(result, self.saturation)
        if self.blur:
            result = cv2.GaussianBlur(result, (0, 0), self.blur)
        if self.quality is not None:
            encoded = cv2.imencode(".jpg", result, [cv2.IMWRITE_JPEG_QUALITY, self.quality])[1]
            result = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
        return np.asarray(result, np.uint8)


@dataclass(frozen=True)
class Jitter:
    """One draw of PyTorch's `ColorJitter`: its factors, and the order in which they are applied.

    Attributes:
        brightness: factor on all values.
        contrast: factor about the frame's mean grey.
        saturation: factor about each pixel's grey.
        hue: shift, as a share of the hue circle.
        order: of the four, by their rank above.
    """

    brightness: float
    contrast: float
    saturation: float
    hue: float
    order: tuple[int, ...]

    @classmethod
    def draw(cls, rng: Random, options: JitterOptions) -> Jitter:
        """Draws factors uniformly within the deviations of `options`."""
        return cls(
            brightness=1 + float(rng.uniform(-options.brightness, options.brightness)),
            contrast=1 + float(rng.uniform(-options.contrast, options.contrast)),
            saturation=1 + float(rng.uniform(-options.saturation, options.saturation)),
            hue=float(rng.uniform(-options.hue, options.hue)),
            order=tuple(int(rank) for rank in rng.permutation(4)),
        )

    def apply(self, image: Image) -> Image:
        """Applies the changes to an (H, W, 3) uint8 RGB frame."""
        for rank in self.order:
            if rank == 0 and self.brightness != 1.0:
                image = cv2.convertScaleAbs(image, alpha=self.brightness)
            elif rank == 1 and self.contrast != 1.0:
                mean = cv2.mean(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))[0]
                table = np.clip((np.arange(256) - mean) * self.contrast + mean, 0, 255).round().astype(np.uint8)
                image = cv2.LUT(image, table)
            elif rank == 2:
                image = saturate(image, self.saturation)
            elif rank == 3 and self.hue:
                image = _turn_hue(image, self.hue)
        return np.asarray(image, np.uint8)


def saturate(image: Image, factor: float) -> Image:
    """Moves the pixels (H, W, 3) away from their grey, or towards it where the factor is below 1."""
    if factor == 1.0:
        return image
    grey = cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return np.asarray(cv2.addWeighted(image, factor, grey, 1 - factor, 0), np.uint8)


def _turn_hue(image: Image, share: float) -> Image:
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV_FULL)  # the circle has 256 steps and wraps like uint8
    hsv[..., 0] += np.uint8(round(share * 256) % 256)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB_FULL), np.uint8)
