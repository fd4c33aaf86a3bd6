/** Draws masks over a frame: a translucent fill and an outline in the colour of each object. */

import constants from "./constants.json" with { type: "json" };

// For masks without a palette, whose ids have no colours of their own.
const COLOURS = Uint8Array.from(
  [
    [0, 0, 0],
    [230, 60, 60],
    [60, 200, 90],
    [70, 120, 255],
    [240, 200, 40],
  ].flat(),
);

/**
 * Draws a frame with its objects.
 *
 * @param {ImageData} frame
 * @param {import("./fit.js").Mask} mask of the frame's size.
 * @param {?Uint8Array} palette RGB of each id.
 * @returns {ImageData}
 */
export function overlay(frame, { width, height, ids }, palette) {
  const drawn = new ImageData(new Uint8ClampedArray(frame.data), width, height);
  const colours = palette ?? COLOURS;
  ids.forEach((id, pixel) => {
    if (id) {
      const neighbours = [pixel - 1, pixel + 1, pixel - width, pixel + width];
      const opacity = neighbours.some((neighbour) => ids[neighbour] !== id) ? 1 : constants.fill_opacity;
      for (let channel = 0; channel < 3; channel++) {
        const colour = colours[((id * 3) % colours.length) + channel];
        drawn.data[pixel * 4 + channel] += opacity * (colour - drawn.data[pixel * 4 + channel]);
      }
    }
  });
  return drawn;
}
