/**
 * Scales an image that shrinks: the mean over the area. Numbers are rounded to 32 bits where OpenCV rounds them, and
 * rows are mixed after columns, so means of bytes agree to the last bit.
 */

/** @typedef {import("./resize.js").Size} Size */
/** @typedef {{first: number, weights: Float32Array}} Taps the source positions that one position is made of. */

// OpenCV leaves out what covers less of a source position.
const LEAST_SHARE = 1e-3;

/**
 * Scales an image; no side may grow.
 *
 * @param {ArrayLike<number>} pixels row by row, channels last.
 * @param {number} channels
 * @param {Size} from
 * @param {Size} to
 * @returns {Float32Array}
 */
export function shrink(pixels, channels, from, to) {
  const isWhole = from.width % to.width === 0 && from.height % to.height === 0;
  const taps = isWhole ? sumTaps : areaTaps;
  const narrow = mix(pixels, taps(from.width, to.width), { outer: from.height, length: from.width, inner: channels });
  const across = to.width * channels;
  const small = mix(narrow, taps(from.height, to.height), { outer: 1, length: from.height, inner: across });
  if (!isWhole) {
    return small;
  }
  const share = Math.fround((to.width * to.height) / (from.width * from.height));
  return small.map((sum) => sum * share);
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
 * Each position is the sum of a whole number of others.
 *
 * @param {number} from
 * @param {number} to
 * @returns {Taps[]}
 */
function sumTaps(from, to) {
  const count = from / to;
  return Array.from({ length: to }, (_, index) => ({
    first: index * count,
    weights: new Float32Array(count).fill(1),
  }));
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
    const end = begin + scale;
    const covered = Math.min(scale, from - begin);
    const last = Math.min(Math.floor(end), from - 1);
    const whole = Math.min(Math.ceil(begin), last);
    const before = whole - begin > LEAST_SHARE ? [whole - begin] : [];
    const inside = Array(last - whole).fill(1);
    const after = end - last > LEAST_SHARE ? [Math.min(end - last, 1, covered)] : [];
    const shares = [...before, ...inside, ...after];
    return { first: whole - before.length, weights: Float32Array.from(shares, (share) => share / covered) };
  });
}
