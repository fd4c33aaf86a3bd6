/** Scales a plane of floats that grows: bilinear, in the order and with the roundings of OpenCV with Intel's IPP. */

/** @typedef {import("./resize.js").Size} Size */
/** @typedef {{near: number, next: number, far: number}} Pair two source positions, and the weight of `next`. */

/**
 * Scales a plane.
 *
 * @param {Float32Array} plane row by row.
 * @param {Size} from
 * @param {Size} to
 * @returns {Float32Array}
 */
export function growPlane(plane, from, to) {
  const columns = pairs(from.width, to.width);
  const wide = new Float32Array(from.height * to.width);
  for (let y = 0, target = 0; y < from.height; y++) {
    const row = y * from.width;
    for (const { near, next, far } of columns) {
      wide[target++] = between(plane[row + near], plane[row + next], far);
    }
  }
  const grown = new Float32Array(to.height * to.width);
  let target = 0;
  for (const { near, next, far } of pairs(from.height, to.height)) {
    for (let x = 0; x < to.width; x++) {
      grown[target++] = between(wide[near * to.width + x], wide[next * to.width + x], far);
    }
  }
  return grown;
}

/**
 * As a fused multiply-add gives it, once the result is rounded to 32 bits.
 *
 * @param {number} near
 * @param {number} next
 * @param {number} far the weight of `next`.
 */
function between(near, next, far) {
  return near + far * Math.fround(next - near);
}

/**
 * Each position is a mix of the two whose centres are nearest; beyond the border the last one counts.
 *
 * @param {number} from
 * @param {number} to
 * @returns {Pair[]}
 */
function pairs(from, to) {
  return Array.from({ length: to }, (_, index) => {
    const source = Math.min(Math.max(((index + 0.5) * from) / to - 0.5, 0), from - 1);
    const near = Math.floor(source);
    return { near, next: Math.min(near + 1, from - 1), far: Math.fround(source - near) };
  });
}
