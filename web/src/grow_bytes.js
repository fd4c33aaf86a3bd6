/** Scales an image of bytes that grows: bilinear in OpenCV's own integers; their truncations are part of the result. */

import { round } from "./round.js";

/** @typedef {import("./resize.js").Size} Size */
/** @typedef {{position: number, near: number, far: number}} Pair the weights of a source position and of the next. */

// A weight of 1.
const ONE = 2048;

/**
 * Scales an image.
 *
 * @param {Uint8ClampedArray} pixels row by row, channels last.
 * @param {number} channels
 * @param {Size} from
 * @param {Size} to
 * @returns {Uint8ClampedArray}
 */
export function growBytes(pixels, channels, from, to) {
  const wide = widen(pixels, channels, from, to.width);
  const across = to.width * channels;
  const grown = new Uint8ClampedArray(to.height * across);
  let target = 0;
  for (const { position, near, far } of pairs(from.height, to.height)) {
    const above = clamp(position, from.height) * across;
    const below = clamp(position + 1, from.height) * across;
    for (let index = 0; index < across; index++) {
      const sum = (((wide[above + index] >> 4) * near) >> 16) + (((wide[below + index] >> 4) * far) >> 16);
      grown[target++] = (sum + 2) >> 2;
    }
  }
  return grown;
}

/**
 * Mixes columns.
 *
 * @param {Uint8ClampedArray} pixels
 * @param {number} channels
 * @param {Size} from
 * @param {number} width
 * @returns {Int32Array} (height, width, channels), `ONE` times the mix.
 */
function widen(pixels, channels, from, width) {
  const columns = pairs(from.width, width).map((pair) => inside(pair, from.width));
  const wide = new Int32Array(from.height * width * channels);
  let target = 0;
  for (let y = 0; y < from.height; y++) {
    for (const { position, near, far } of columns) {
      const source = (y * from.width + position) * channels;
      for (let index = source; index < source + channels; index++) {
        // The last column has no next one.
        wide[target++] = near * pixels[index] + (far && far * pixels[index + channels]);
      }
    }
  }
  return wide;
}

/**
 * Each position is a mix of the two whose centres are nearest; those of the first and the last may lie outside.
 *
 * @param {number} from
 * @param {number} to
 * @returns {Pair[]}
 */
function pairs(from, to) {
  return Array.from({ length: to }, (_, index) => {
    const source = Math.fround(((index + 0.5) * from) / to - 0.5);
    const position = Math.floor(source);
    const far = Math.fround(source - position);
    return { position, near: weight(Math.fround(1 - far)), far: weight(far) };
  });
}

/**
 * Of columns outside, the last one inside has all the weight. Of rows both keep theirs, and OpenCV truncates each.
 *
 * @param {Pair} pair
 * @param {number} length
 * @returns {Pair}
 */
function inside(pair, length) {
  const { position } = pair;
  return position < 0 || position >= length - 1 ? { position: clamp(position, length), near: ONE, far: 0 } : pair;
}

/** @param {number} share */
function weight(share) {
  return round(share * ONE);
}

/**
 * @param {number} position
 * @param {number} length
 */
function clamp(position, length) {
  return Math.min(Math.max(position, 0), length - 1);
}
