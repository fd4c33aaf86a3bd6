"""Backbones with torchvision's parameter names, cut at stride 16: MobileNetV2 (`features[:14]`), ResNets (`layer3`).

Weights trained elsewhere load by name. Batch norms are used in inference mode only (they stay frozen in training, as in
STCN's supplement F.1), so `folding.fold_batch_norms` may merge them into the convolutions before training or export.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn


class Pyramid(NamedTuple):
    """Features of one frame at strides 4, 8 and 16, each (B, C, H/stride, W/stride) float32."""

    stride4: Tensor
    stride8: Tensor
    stride16: Tensor


class ConvBNReLU6(nn.Sequential):
    """Convolution, batch norm and ReLU6: torchvision's names `0`, `1`, `2`."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1, groups: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2, groups=groups, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU6(inplace=True),
        )


class InvertedResidual(nn.Module):
    """MobileNetV2's block (Sandler et al., 2018): expand, depthwise, project, and a skip where the shape allows one."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        layers: list[nn.Module] = [] if expansion == 1 else [ConvBNReLU6(inputs, hidden, kernel=1)]
        layers += [
            ConvBNReLU6(hidden, hidden, stride=stride, groups=hidden),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        ]
        self.conv = nn.Sequential(*layers)
        self.skip = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.skip else self.conv(x)


# (expansion, channels, repeats, stride) of the stages up to stride 16, from MobileNetV2's table 2.
MOBILENETV2_STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1))


class MobileNetV2(nn.Module):
    """MobileNetV2 up to stride 16: channels 24, 32 and 96 at strides 4, 8 and 16."""

    channels = (24, 32, 96)

    def __init__(self, inputs: int = 3) -> None:
        super().__init__()
        layers: list[nn.Module] = [ConvBNReLU6(inputs, 32, stride=2)]
        width = 32
        for expansion, channels, repeats, stride in MOBILENETV2_STAGES:
            for index in range(repeats):
                layers.append(InvertedResidual(width, channels, stride if index == 0 else 1, expansion))
                width = channels
        self.features = nn.Sequential(*layers)

    @property
    def stem(self) -> nn.Conv2d:
        """The first convolution."""
        return first_convolution(self.features)

    def forward(self, x: Tensor) -> Pyramid:
        stride4 = self.features[:4](x)
        stride8 = self.features[4:7](stride4)
        return Pyramid(stride4, stride8, self.features[7:](stride8))


def first_convolution(features: nn.Sequential) -> nn.Conv2d:
    """The convolution of the first of MobileNetV2's layers."""
    convolution = features.get_submodule("0.0")
    assert isinstance(convolution, nn.Conv2d)
    return convolution


class BasicBlock(nn.Module):
    """ResNet's two-convolution block (He et al., 2016)."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = _shortcut(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.downsample is None else self.downsample(x)
        return self.relu(self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))) + identity)


class Bottleneck(nn.Module):
    """ResNet's three-convolution block (He et al., 2016), with the stride on its 3x3 convolution as in torchvision."""

    expansion = 4

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        hidden = outputs // self.expansion
        self.conv1 = nn.Conv2d(inputs, hidden, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(hidden)
        self.conv2 = nn.Conv2d(hidden, hidden, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(hidden)
        self.conv3 = nn.Conv2d(hidden, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        identity = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x))))))
        return self.relu(self.bn3(self.conv3(x)) + identity)


def _shortcut(inputs: int, outputs: int, stride: int) -> nn.Sequential | None:
    """The projection of a residual block whose input and output differ in shape."""
    if stride == 1 and inputs == outputs:
        return None
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


class ResNet(nn.Module):
    """A ResNet up to `layer3`, stride 16; the subclasses say which blocks and how many.

    Args:
        inputs: channels of the input, 3 for a frame.
    """

    block: type[BasicBlock] | type[Bottleneck]
    depths: tuple[int, int, int]
    channels: tuple[int, int, int]

    def __init__(self, inputs: int = 3) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        stride4, stride8, stride16 = self.channels
        self.layer1 = self._stage(64, stride4, 1, self.depths[0])
        self.layer2 = self._stage(stride4, stride8, 2, self.depths[1])
        self.layer3 = self._stage(stride8, stride16, 2, self.depths[2])

    def _stage(self, inputs: int, outputs: int, stride: int, depth: int) -> nn.Sequential:
        rest = [self.block(outputs, outputs) for _ in range(depth - 1)]
        return nn.Sequential(self.block(inputs, outputs, stride), *rest)

    @property
    def stem(self) -> nn.Conv2d:
        """The first convolution."""
        return self.conv1

    def forward(self, x: Tensor) -> Pyramid:
        stem = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        stride4 = self.layer1(stem)
        stride8 = self.layer2(stride4)
        return Pyramid(stride4, stride8, self.layer3(stride8))


class ResNet18(ResNet):
    """ResNet18 up to `layer3`: channels 64, 128 and 256 at strides 4, 8 and 16."""

    block = BasicBlock
    depths = (2, 2, 2)
    channels = (64, 128, 256)


class ResNet50(ResNet):
    """ResNet50 up to `layer3`: channels 256, 512 and 1024 at strides 4, 8 and 16."""

    block = Bottleneck
    depths = (3, 4, 6)
    channels = (256, 512, 1024)
