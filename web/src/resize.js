/**
 * Scales images as the Python SDK does: the mean over the area where they shrink, bilinear where they grow. Numbers are
 * rounded to 32 bits where OpenCV rounds them, and rows are mixed after columns, so means agree to the last bit.
 */

/** @typedef {{width: number, height: number}} Size */
/** @typedef {{first: number, weights: Float32Array}} Taps the source positions that one position is made of. */

/**
 * Scales an image.
 *
 * @param {ArrayLike<number>} pixels row by row, channels last.
 * @param {number} channels
 * @param {Size} from
 * @param {Size} to
 */
export function resize(pixels, channels, from, to) {
  if (from.width === to.width && from.height === to.height) {
    return Float32Array.from(pixels);
  }
  const taps = to.width * to.height < from.width * from.height ? areaTaps : linearTaps;
  const narrow = mix(pixels, taps(from.width, to.width), { outer: from.height, length: from.width, inner: channels });
  const across = to.width * channels;
  return mix(narrow, taps(from.height, to.height), { outer: 1, length: from.height, inner: across });
}

/**
 * The nearest integer, and of two the even one, as in Python and OpenCV.
 *
 * @param {number} value not negative.
 */
export function round(value) {
  const nearest = Math.round(value);
  return value % 1 === 0.5 && nearest % 2 ? nearest - 1 : nearest;
}

/**
 * Makes each position along the middle one of three axes a weighted sum of others.
 *
 * @param {ArrayLike<number>} values of shape (outer, length, inner).
 * @param {Taps[]} taps
 * @param {{outer: number, length: number, inner: number}} shape
 * @returns {Float32Array} (outer, taps, inner)
 */
function mix(values, taps, { outer, length, inner }) {
  const mixed = new Float32Array(outer * taps.length * inner);
  let target = 0;
  for (let row = 0; row < outer; row++) {
    for (const { first, weights } of taps) {
      for (let tap = 0; tap < weights.length; tap++) {
        const source = (row * length + first + tap) * inner;
        for (let index = 0; index < inner; index++) {
          mixed[target + index] += Math.fround(weights[tap] * values[source + index]);
        }
      }
      target += inner;
    }
  }
  return mixed;
}

/**
 * Each position is the mean over the stretch of the source that it covers.
 *
 * @param {number} from
 * @param {number} to
 * @returns {Taps[]}
 */
function areaTaps(from, to) {
  const scale = from / to;
  return Array.from({ length: to }, (_, index) => {
    const begin = index * scale;
    const end = Math.min(begin + scale, from);
    const first = Math.floor(begin);
    const covered = (/** @type {number} */ source) => Math.min(source + 1, end) - Math.max(source, begin);
    const sources = Array.from({ length: Math.ceil(end) - first }, (_, position) => first + position);
    return { first, weights: Float32Array.from(sources, (source) => covered(source) / (end - begin)) };
  });
}

/**
 * Each position is a mix of the two whose centres are nearest; beyond the border the last one counts.
 *
 * @param {number} from
 * @param {number} to
 * @returns {Taps[]}
 */
function linearTaps(from, to) {
  return Array.from({ length: to }, (_, index) => {
    const source = Math.min(Math.max(((index + 0.5) * from) / to - 0.5, 0), from - 1);
    const first = Math.floor(source);
    const far = source - first;
    return { first, weights: Float32Array.from(far ? [1 - far, far] : [1]) };
  });
}
