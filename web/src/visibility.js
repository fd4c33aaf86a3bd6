/** Which objects are hidden: those of which much less is seen than shortly before, as `visibility.py` of the SDK has it. */

import constants from "./constants.json" with { type: "json" };

/** @typedef {Map<number, number>} Areas the pixels of each object in a frame, by its id. */

/**
 * How much is seen of each object.
 *
 * @param {import("./fit.js").Mask} mask
 * @param {number[]} ids
 * @returns {Areas}
 */
export function areasOf(mask, ids) {
  const counts = new Float64Array(256);
  for (const id of mask.ids) {
    counts[id]++;
  }
  return new Map(ids.map((id) => [id, counts[id]]));
}

/**
 * Positions of the objects that are hidden where so much is seen of them, and so much was shortly before.
 *
 * @param {Areas} seen
 * @param {Areas} recent of the same objects.
 */
export function hiddenPositions(seen, recent) {
  return [...seen].flatMap(([id, area], position) => (area <= constants.hidden_share * at(recent, id) ? [position] : []));
}

/**
 * The recent areas after a frame in which so much is seen of the objects.
 *
 * @param {Areas} seen
 * @param {Areas} recent
 * @returns {Areas}
 */
export function recentAreas(seen, recent) {
  return new Map([...seen].map(([id, area]) => [id, Math.max(area, constants.area_fading * at(recent, id))]));
}

/**
 * @param {Areas} areas
 * @param {number} id
 */
function at(areas, id) {
  return areas.get(id) ?? 0;
}
