"""Solids: bodies of a few convex parts that turn in space, so that sides come into view which were not seen before.

Cut-outs of photos show the same side for ever. For this BL30K (Cheng et al., MiVOS, CVPR 2021) rendered a library of 3D
models; here the bodies are random polyhedra, and what is on their sides comes from the training frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mobilevos_training.data.augment_options import SolidOptions
from mobilevos_training.data.frames import Image
from mobilevos_training.data.geometry import Matrix, Random
from mobilevos_training.data.pool import Pool

Array = NDArray[np.float64]
# Side of the picture on each side of a part, in pixels.
TEXTURE = 128
# The pictures of a part's sides come from one window of a frame, so that they are akin: its side in pixels, and theirs.
WINDOW, PATCH = 240, (40, 160)
# Half the length of a part along its three axes, before the body is scaled to radius 1.
HALF_LENGTHS = (0.15, 1.0)
# Sides of a prism around its axis, and of a boulder.
PRISM_SIDES, BOULDER_SIDES = (3, 12), (10, 20)
# How often a part is turned against the body and not just along its axes.
ASKEW = 0.4
# A body turns about an axis that is more often upright, as things on the ground do.
AXIS_SPREAD = (0.4, 1.0, 0.4)
# Sides whose normals are this near to the picture's plane count as seen from the edge.
EDGE_ON = 1e-6

# Points that are looked up at once: OpenCV's maps are shorter than 32767.
MOST_POINTS = 16384


class Part(NamedTuple):
    """A convex part of a body: the points p with `normals @ p <= offsets`, in the coordinates of the body.

    Attributes:
        normals: (F, 3) unit vectors that point outwards from its F sides.
        offsets: (F,) of the sides' planes from the origin.
        across: (F, 2, 3) from a point to its place on a side's picture, in units of the picture's half width.
        centre: (3,) the point that all pictures have in their middle.
        pictures: (F * TEXTURE, TEXTURE, 3) uint8, one below the other.
    """

    normals: Array
    offsets: Array
    across: Array
    centre: Array
    pictures: Image


@dataclass(frozen=True)
class Solid:
    """A body within the unit ball.

    Attributes:
        parts: what it is the union of.
        axis: (3,) unit vector that it turns about; x to the right, y down, z away from who looks.
        start: (3, 3) its orientation before it turns.
        rate: of its turn, degrees per frame.
        light: (3,) unit vector towards the light.
        shade: brightness of a side that is turned away from the light; 1 faces it.
    """

    parts: tuple[Part, ...]
    axis: Array
    start: Array
    rate: float
    light: Array
    shade: float

    def view(self, time: float, matrix: Matrix, crop: int) -> tuple[Image, Image]:
        """Draws the body as seen along z, without perspective.

        Args:
            time: in frames.
            matrix: (3, 3) from the plane (x, y) of the body to points of the crop.
            crop: S, the side of the result.

        Returns:
            (S, S, 3) uint8 colours, and (S, S) uint8, 255 where the body is.
        """
        colours, alpha = np.zeros((crop, crop, 3), np.uint8), np.zeros((crop, crop), np.uint8)
        rows, columns = _window(matrix, crop)
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return colours, alpha
        y, x = np.mgrid[rows, columns].astype(np.float64)
        inverse = np.linalg.inv(matrix)
        plane = np.stack([inverse[row, 0] * x + inverse[row, 1] * y + inverse[row, 2] for row in (0, 1)])
        turn = turn_about(self.axis, self.rate * time) @ self.start
        nearest = np.full(x.shape, np.inf)
        for part in self.parts:
            normals = part.normals @ turn.T
            depth, side = _meet(normals, part.offsets, plane)
            seen = depth < nearest
            if not seen.any():
                continue
            nearest[seen] = depth[seen]
            points = np.concatenate([plane[:, seen], depth[None, seen]]).T @ turn - part.centre
            brightness = self.shade + (1 - self.shade) * np.maximum(normals @ self.light, 0)
            colours[rows, columns][seen] = _paint(part, side[seen], points, brightness)
        alpha[rows, columns][np.isfinite(nearest)] = 255
        return colours, alpha


def draw_solid(rng: Random, pool: Pool, options: SolidOptions, duration: float) -> Solid:
    """A random body.

    Args:
        rng: random numbers.
        pool: frames that the pictures on its sides are taken from.
        options: the recipe's.
        duration: of the clip, in frames.
    """
    shapes: list[tuple[Array, Array, Array]] = []
    for _ in range(int(rng.integers(options.parts[0], options.parts[1] + 1))):
        normals, offsets = _shape(rng)
        centre = np.zeros(3)
        if shapes:  # on a side of a part before it, a little sunk in
            other, distances, place = shapes[int(rng.integers(len(shapes)))]
            side = int(rng.integers(len(other)))
            centre = place + other[side] * distances[side] * rng.uniform(0.7, 1.1) + rng.normal(0, 0.15, 3)
        shapes.append((normals, offsets, centre))
    size = max(float(np.linalg.norm(centre)) + _radius(normals, offsets) for normals, offsets, centre in shapes)
    parts = tuple(
        _part(rng, pool, options, normals, offsets / size, centre / size) for normals, offsets, centre in shapes
    )
    limit = options.largest_turn / max(duration, 1.0)
    return Solid(
        parts,
        axis=_unit(rng.normal(0, AXIS_SPREAD)),
        start=_orientation(rng),
        rate=float(np.clip(rng.normal(0, options.spin), -limit, limit)),
        light=_unit(rng.normal(0, 1, 3) + np.array([0, -1, -1])),
        shade=float(rng.uniform(options.shade, 1)),
    )


def turn_about(axis: Array, degrees: float) -> Array:
    """(3, 3) rotation about a unit vector."""
    return np.asarray(cv2.Rodrigues(axis * np.radians(degrees))[0])


def _window(matrix: Matrix, crop: int) -> tuple[slice, slice]:
    """Rows and columns of the crop that the unit disc can reach."""
    reach = np.linalg.norm(matrix[:2, :2], axis=1)
    low = np.clip(np.floor(matrix[:2, 2] - reach), 0, crop).astype(int)
    high = np.clip(np.ceil(matrix[:2, 2] + reach) + 1, 0, crop).astype(int)
    return slice(low[1], high[1]), slice(low[0], high[0])


def _meet(normals: Array, offsets: Array, plane: Array) -> tuple[Array, NDArray[np.int64]]:
    """Where lines of sight along z enter a convex part, infinite where they pass it, and through which side.

    Args:
        normals: (F, 3) of its sides, as seen.
        offsets: (F,) of their planes.
        plane: (2, h, w) x and y of the lines.
    """
    enters, leaves = np.full(plane.shape[1:], -np.inf), np.full(plane.shape[1:], np.inf)
    side = np.zeros(plane.shape[1:], np.int64)
    for index, (normal, offset) in enumerate(zip(normals, offsets, strict=True)):
        room = offset - normal[0] * plane[0] - normal[1] * plane[1]
        if abs(normal[2]) < EDGE_ON:
            leaves[room < 0] = -np.inf
        elif normal[2] < 0:
            depth = room / normal[2]
            later = depth > enters
            enters[later], side[later] = depth[later], index
        else:
            np.minimum(leaves, room / normal[2], out=leaves)
    enters[enters > leaves] = np.inf
    return enters, side


def _paint(part: Part, side: NDArray[np.int64], points: Array, brightness: Array) -> Image:
    """(N, 3) uint8 colours of points (N, 3), from the part's centre, on the sides (N,) of a part."""
    places = np.einsum("nij,nj->ni", part.across[side], points)
    # Beyond a picture is its mirror image: a triangular wave of -1 to 1.
    places = np.abs((places + 1) % 4 - 2) - 1
    within = (places + 1) / 2 * (TEXTURE - 1)
    x, y = within[:, 0].astype(np.float32), (within[:, 1] + side * TEXTURE).astype(np.float32)
    pieces = [slice(at, at + MOST_POINTS) for at in range(0, len(x), MOST_POINTS)]
    colours = np.concatenate([cv2.remap(part.pictures, x[None, at], y[None, at], cv2.INTER_LINEAR)[0] for at in pieces])
    return np.asarray(colours * brightness[side, None], np.uint8)


def _shape(rng: Random) -> tuple[Array, Array]:
    """Normals and offsets of a box, a prism or a boulder about the origin."""
    shortest, longest = np.log(HALF_LENGTHS)
    halves = np.exp(rng.uniform(shortest, longest, 3))
    kind = int(rng.integers(3))
    if kind == 0:
        normals = np.concatenate([np.eye(3), -np.eye(3)])
    elif kind == 1:
        angles = np.arange(count := int(rng.integers(*PRISM_SIDES, endpoint=True))) * (2 * np.pi / count)
        around = np.stack([np.cos(angles), np.sin(angles), np.zeros(count)], 1)
        normals = np.concatenate([around, [[0, 0, 1], [0, 0, -1]]])
    else:
        # With those of a box, so that it is closed whatever the others are.
        more = rng.normal(0, 1, (int(rng.integers(*BOULDER_SIDES, endpoint=True)) - 6, 3))
        normals = np.concatenate([np.eye(3), -np.eye(3), more / np.linalg.norm(more, axis=1, keepdims=True)])
    # A plane n p = 1 of the unit ball, stretched by the half lengths, is (n / halves) p = 1.
    planes = normals / halves
    lengths = np.linalg.norm(planes, axis=1)
    turn = _orientation(rng) if rng.random() < ASKEW else np.eye(3)[rng.permutation(3)]
    return (planes / lengths[:, None]) @ turn.T, 1 / lengths


def _radius(normals: Array, offsets: Array) -> float:
    """A radius about the origin that a part lies within, from its corners."""
    from scipy.spatial import HalfspaceIntersection  # type: ignore[import-untyped]

    corners = HalfspaceIntersection(np.column_stack([normals, -offsets]), np.zeros(3)).intersections
    return float(np.linalg.norm(corners, axis=1).max())


def _part(rng: Random, pool: Pool, options: SolidOptions, normals: Array, offsets: Array, centre: Array) -> Part:
    """Gives a shape about the origin its place and its pictures."""
    across = np.stack([_upright(normal) for normal in normals])
    return Part(normals, offsets + normals @ centre, across, centre, _pictures(rng, pool, options, len(normals)))


def _pictures(rng: Random, pool: Pool, options: SolidOptions, count: int) -> Image:
    """Patches of one window of a training frame, drawn to one colour by a random part of the way."""
    image = pool.image(pool.draw_frame(rng, still=rng.random() < 0.5))
    side = min(WINDOW, *image.shape[:2])
    top, left = (int(rng.integers(length - side + 1)) for length in image.shape[:2])
    window = image[top : top + side, left : left + side]
    likeness = float(rng.uniform(*options.likeness))
    colour = window[tuple(rng.integers(side, size=2))].astype(np.float32)
    patches = []
    for _ in range(count):
        size = int(rng.integers(min(PATCH[0], side), min(PATCH[1], side), endpoint=True))
        y, x = rng.integers(side - size + 1, size=2)
        patch = cv2.resize(window[y : y + size, x : x + size], (TEXTURE, TEXTURE), interpolation=cv2.INTER_LINEAR)
        patches.append(patch + (colour - patch) * likeness)
    return np.concatenate(patches).astype(np.uint8)


def _upright(normal: Array) -> Array:
    """(2, 3) two unit vectors at right angles to a normal and to each other."""
    first = _unit(np.cross(normal, np.eye(3)[np.abs(normal).argmin()]))
    return np.stack([first, np.cross(normal, first)])


def _orientation(rng: Random) -> Array:
    """(3, 3) a random rotation, from a random quaternion."""
    quaternion = _unit(rng.normal(0, 1, 4))
    angle = 2 * np.arccos(np.clip(quaternion[0], -1, 1))
    return turn_about(_unit(quaternion[1:]), float(np.degrees(angle)))


def _unit(vector: Array) -> Array:
    return vector / np.linalg.norm(vector)
