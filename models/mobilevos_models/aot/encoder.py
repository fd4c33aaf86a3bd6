"""The encoders of AOT: backbones up to stride 16 with torchvision's parameter names (AOT, section 5)."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from mobilevos_models.backbones import ConvBNReLU6, InvertedResidual, MobileNetV2, ResNet50, first_convolution

# (channels, dilation) of the blocks of MobileNetV2's last stages, which stay at stride 16.
LAST_BLOCKS = ((160, 1), (160, 2), (160, 2), (320, 2))


class EncoderFeatures(NamedTuple):
    """Features of one frame: three skips at strides 4, 8 and 16, and the deepest ones, at stride 16 too."""

    stride4: Tensor
    stride8: Tensor
    stride16: Tensor
    deep: Tensor


class DilatedMobileNetV2(nn.Module):
    """MobileNetV2 with all its stages: the last two are dilated instead of strided."""

    channels = (24, 32, 96, 1280)

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = list(MobileNetV2().features)
        width = 96
        for channels, dilation in LAST_BLOCKS:
            layers.append(_dilate(InvertedResidual(width, channels, 1, 6), dilation))
            width = channels
        self.features = nn.Sequential(*layers, ConvBNReLU6(width, self.channels[3], kernel=1))

    @property
    def stem(self) -> nn.Conv2d:
        """The first convolution."""
        return first_convolution(self.features)

    def forward(self, x: Tensor) -> EncoderFeatures:
        """Normalised frames (B, 3, H, W) to features of ceil(H / stride) rows and ceil(W / stride) columns."""
        stride4 = self.features[:4](x)
        stride8 = self.features[4:7](stride4)
        stride16 = self.features[7:14](stride8)
        return EncoderFeatures(stride4, stride8, stride16, self.features[14:](stride16))


def _dilate(block: InvertedResidual, dilation: int) -> InvertedResidual:
    for module in block.modules():
        if isinstance(module, nn.Conv2d) and module.kernel_size == (3, 3):
            module.dilation = module.padding = (dilation, dilation)
    return block


ENCODERS: dict[str, type[DilatedMobileNetV2] | type[ResNet50]] = {
    "mobilenetv2": DilatedMobileNetV2,
    "resnet50": ResNet50,
}


def encoder_channels(encoder: DilatedMobileNetV2 | ResNet50) -> tuple[int, ...]:
    """The widths of an encoder's `EncoderFeatures`."""
    return encoder.channels if len(encoder.channels) == 4 else (*encoder.channels, encoder.channels[-1])


def encode(encoder: DilatedMobileNetV2 | ResNet50, x: Tensor) -> EncoderFeatures:
    """Features of normalised frames (B, 3, H, W). A ResNet has no last stage here: its deepest features are a skip."""
    features = encoder(x)
    if isinstance(features, EncoderFeatures):
        return features
    return EncoderFeatures(features.stride4, features.stride8, features.stride16, features.stride16)
