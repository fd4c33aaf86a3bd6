/**
 * The nearest integer, and of two the even one, as in Python and OpenCV.
 *
 * @param {number} value not negative.
 */
export function round(value) {
  const nearest = Math.round(value);
  return value % 1 === 0.5 && nearest % 2 ? nearest - 1 : nearest;
}
