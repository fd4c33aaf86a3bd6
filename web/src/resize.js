/** Scales images as the Python SDK does, by OpenCV: means over areas where they shrink, bilinear where they grow. */

import { growBytes } from "./grow_bytes.js";
import { growPlane } from "./grow_plane.js";
import { shrink } from "./shrink.js";

/** @typedef {{width: number, height: number}} Size */

/**
 * Scales an image of bytes; the result equals OpenCV's.
 *
 * @param {Uint8ClampedArray} pixels row by row, channels last.
 * @param {number} channels
 * @param {Size} from
 * @param {Size} to
 * @returns {Uint8ClampedArray}
 */
export function resizeBytes(pixels, channels, from, to) {
  if (isSame(from, to)) {
    return pixels;
  }
  if (!shrinks(from, to)) {
    return growBytes(pixels, channels, from, to);
  }
  const means = shrink(pixels, channels, from, to);
  // OpenCV takes the greater integer of two for the mean of 2x2, and the even one for all others, as this array does.
  const isHalf = from.width === 2 * to.width && from.height === 2 * to.height;
  return new Uint8ClampedArray(isHalf ? means.map(Math.round) : means);
}

/**
 * Scales a plane of numbers; the result equals OpenCV's but for the rounding of floats, which depends on its build.
 *
 * @param {Float32Array} plane row by row.
 * @param {Size} from
 * @param {Size} to
 * @returns {Float32Array}
 */
export function resizePlane(plane, from, to) {
  if (isSame(from, to)) {
    return plane;
  }
  return shrinks(from, to) ? shrink(plane, 1, from, to) : growPlane(plane, from, to);
}

/**
 * @param {Size} from
 * @param {Size} to
 */
function isSame(from, to) {
  return from.width === to.width && from.height === to.height;
}

/**
 * @param {Size} from
 * @param {Size} to
 */
function shrinks(from, to) {
  return to.width * to.height < from.width * from.height;
}
