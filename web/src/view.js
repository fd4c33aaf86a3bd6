/** Which part of each frame the model sees: the objects and what is around them, as `view.py` of the Python SDK has it. */

import constants from "./constants.json" with { type: "json" };
import { Fit, largestScale, swapped } from "./fit.js";
import { round } from "./round.js";

/** @typedef {import("./fit.js").Mask} Mask */
/** @typedef {import("./fit.js").Region} Region */
/** @typedef {import("./resize.js").Size} Size */

/** The part of one frame that the model sees. Immutable; `next` gives that of the frame after it. */
export class View {
  /**
   * All of a frame.
   *
   * @param {Size} frame
   * @param {Size} model
   */
  static whole(frame, model) {
    const fit = new Fit(frame, model);
    return new View(fit, largestScale(frame, upright(fit)));
  }

  /**
   * @param {Fit} fit how it lies in the model's input.
   * @param {number} scale pixels of the model's input for a pixel of the frame.
   * @param {Size} extent of the box around the objects with what is out of sight of them; a pixel, if nothing is known.
   */
  constructor(fit, scale, extent = { height: 1, width: 1 }) {
    this.fit = fit;
    this.scale = scale;
    this.extent = extent;
  }

  /**
   * The view of a frame with the objects of a mask in it, whatever was seen before. All of the frame, if one of the
   * objects is not in the mask: it may come back anywhere.
   *
   * @param {Mask} mask
   * @param {number[]} ids
   */
  around(mask, ids) {
    const box = boxAround(mask, ids);
    return box ? this.#at(this.#wanted(box), box, box) : this.#at(this.#least, this.fit.region, this.extent);
  }

  /**
   * The view of the frame after the one with this mask: around the objects, at nearly the same scale.
   *
   * @param {Mask} mask
   * @param {number[]} ids
   */
  next(mask, ids) {
    const box = boxAround(mask, ids);
    const extent = box ? this.#extentOf(box, this.#isCut(mask)) : this.extent;
    const kept = { height: constants.view_kept * extent.height, width: constants.view_kept * extent.width };
    const wanted = box ? this.#wanted(larger(box, kept)) : this.#least;
    const slow = Math.max(wanted, this.scale / constants.view_widening);
    return this.#at(Math.min(slow, this.scale * constants.view_narrowing), box ?? this.fit.region, extent);
  }

  /** The smallest scale: that of the whole frame. */
  get #least() {
    return largestScale(this.fit.frame, upright(this.fit));
  }

  /**
   * How large the objects are with this box: what recedes gets smaller in both directions.
   *
   * @param {Size} box
   * @param {boolean} cut whether it may be cut by the frame's border.
   * @returns {Size}
   */
  #extentOf(box, cut) {
    const { height, width } = this.extent;
    const smaller = Math.max(box.height / height, box.width / width);
    const share = cut ? 1 : Math.min(Math.max(smaller, 1 / constants.view_narrowing), 1 / constants.view_forgetting);
    return larger(box, { height: height * share, width: width * share });
  }

  /**
   * Whether an object reaches the frame's border: what is seen of it may not be all of it.
   *
   * @param {Mask} mask
   */
  #isCut({ ids, width, height }) {
    const reach = Math.ceil(constants.view_edge / this.scale);
    const isNear = (/** @type {number} */ at, /** @type {number} */ side) => at < reach || at >= side - reach;
    // Most pixels are background, and need not be divided into rows and columns.
    return ids.some((id, pixel) => id && (isNear(pixel % width, width) || isNear(Math.floor(pixel / width), height)));
  }

  /**
   * The scale at which the view is so many times a size, within bounds.
   *
   * @param {Size} size
   */
  #wanted(size) {
    const fitting = largestScale(size, upright(this.fit)) / constants.view_margin;
    return Math.max(Math.min(fitting, constants.view_zoom * this.#least, constants.view_magnification), this.#least);
  }

  /**
   * The view of a scale around the middle of a box, moved into the frame.
   *
   * @param {number} scale
   * @param {Region} centre
   * @param {Size} extent
   */
  #at(scale, centre, extent) {
    const { frame, model } = this.fit;
    const sides = upright(this.fit);
    const height = Math.min(round(sides.height / scale), frame.height);
    const width = Math.min(round(sides.width / scale), frame.width);
    const top = within(centre.top + Math.floor((centre.height - height) / 2), frame.height - height);
    const left = within(centre.left + Math.floor((centre.width - width) / 2), frame.width - width);
    return new View(new Fit(frame, model, { top, left, width, height }), scale, extent);
  }
}

/**
 * The larger one of two sizes, side by side.
 *
 * @param {Size} one
 * @param {Size} other
 * @returns {Size}
 */
function larger(one, other) {
  return { height: Math.max(one.height, other.height), width: Math.max(one.width, other.width) };
}

/**
 * The smallest box around what counts of some objects; none if one of them has no pixel.
 *
 * @param {Mask} mask
 * @param {number[]} ids
 * @returns {?Region}
 */
function boxAround(mask, ids) {
  const box = { top: mask.height, left: mask.width, bottom: 0, right: 0 };
  for (const id of ids) {
    const rows = new Uint32Array(mask.height);
    const columns = new Uint32Array(mask.width);
    mask.ids.forEach((value, pixel) => {
      if (value === id) {
        rows[Math.floor(pixel / mask.width)]++;
        columns[pixel % mask.width]++;
      }
    });
    const [tall, wide] = [middle(rows), middle(columns)];
    if (!tall || !wide) {
      return null;
    }
    box.top = Math.min(box.top, tall.first);
    box.left = Math.min(box.left, wide.first);
    box.bottom = Math.max(box.bottom, tall.last + 1);
    box.right = Math.max(box.right, wide.last + 1);
  }
  return { top: box.top, left: box.left, height: box.bottom - box.top, width: box.right - box.left };
}

/**
 * Where what counts of an object begins and ends, from its pixels in each row or column; nowhere if it has none.
 *
 * @param {Uint32Array} counts
 */
function middle(counts) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const outermost = Math.floor(total / constants.view_parts);
  let [first, last, reached] = [-1, -1, 0];
  counts.forEach((count, position) => {
    reached += count;
    if (first < 0 && reached > outermost) {
      first = position;
    }
    if (last < 0 && reached >= total - outermost) {
      last = position;
    }
  });
  return total ? { first, last } : null;
}

/**
 * The model's size as the frame lies in it.
 *
 * @param {Fit} fit
 */
function upright(fit) {
  return fit.rotated ? swapped(fit.model) : fit.model;
}

/**
 * @param {number} value
 * @param {number} most
 */
function within(value, most) {
  return Math.min(Math.max(value, 0), most);
}
