/** Between frames and masks of any size and the model's tensors: scaled with their aspect kept, turned, bordered. */

import constants from "./constants.json" with { type: "json" };
import { InvalidInputError } from "./errors.js";
import { resizeBytes, resizePlane } from "./resize.js";
import { round } from "./round.js";

/** @typedef {import("./resize.js").Size} Size */
/** @typedef {{width: number, height: number, ids: Uint8Array}} Mask object ids: 0 is background. */
/** @typedef {Size & {top: number, left: number}} Region a rectangle of a frame's pixels. */

const RGB = 3;
const RGBA = 4;

/** How a region of frames of one size lies in the model's input. */
export class Fit {
  /**
   * @param {Size} frame
   * @param {Size} model
   * @param {Region} [region] the part of the frame that the model sees; what is outside counts as background.
   * @throws {InvalidInputError} the frame has too few pixels to follow anything in it.
   */
  constructor(frame, model, region = { top: 0, left: 0, width: frame.width, height: frame.height }) {
    if (Math.min(frame.width, frame.height) < constants.smallest_side) {
      throw new InvalidInputError(
        `the frame is ${frame.width}x${frame.height}; it must be ${constants.smallest_side} pixels or more on each side`,
      );
    }
    this.frame = { width: frame.width, height: frame.height };
    this.model = { width: model.width, height: model.height };
    this.region = region;
    /** Whether the frame is turned by 90 degrees counter-clockwise, as a portrait video on a landscape model. */
    this.rotated = largestScale(swapped(frame), model) >= largestScale(frame, model) * constants.rotation_gain;
    const sides = this.rotated ? swapped(region) : region;
    const scale = largestScale(sides, model);
    this.content = {
      width: scaled(sides.width, scale, model.width),
      height: scaled(sides.height, scale, model.height),
    };
    /** The content's size before it is turned. */
    this.upright = this.rotated ? swapped(this.content) : this.content;
    this.left = Math.floor((model.width - this.content.width) / 2);
    this.top = Math.floor((model.height - this.content.height) / 2);
  }

  /**
   * A frame as the model takes it.
   *
   * @param {ImageData} image
   * @param {number[]} border its colour.
   * @returns {Float32Array} (1, H, W, 3) RGB in 0..255.
   * @throws {InvalidInputError} the frame has not the size that the fit is for.
   */
  frameTensor(image, border) {
    this.check(image, "frame");
    const pixels = resizeBytes(this.#cut(image.data, RGBA), RGBA, this.region, this.upright);
    const tensor = new Float32Array(this.model.width * this.model.height * RGB);
    tensor.forEach((_, index) => (tensor[index] = border[index % RGB]));
    this.#forContent((source, target) => {
      for (let channel = 0; channel < RGB; channel++) {
        tensor[target * RGB + channel] = pixels[source * RGBA + channel];
      }
    });
    return tensor;
  }

  /**
   * The masks of some objects as the model takes them: the share of each cell that an object covers.
   *
   * @param {Mask} mask
   * @param {number[]} ids
   * @param {number} channels objects of the graph; those beyond `ids` are empty.
   * @returns {Float32Array} (1, H, W, channels) in 0..1.
   */
  maskTensor(mask, ids, channels) {
    const tensor = new Float32Array(this.model.width * this.model.height * channels);
    const seen = this.#cut(mask.ids, 1);
    ids.forEach((id, channel) => {
      const covered = Float32Array.from(seen, (value) => Number(value === id));
      const share = resizePlane(covered, this.region, this.upright);
      this.#forContent((source, target) => (tensor[target * channels + channel] = share[source]));
    });
    return tensor;
  }

  /**
   * The model's probabilities of some objects at the frame's own size.
   *
   * @param {Float32Array} probabilities (1, H, W, channels)
   * @param {number} objects the first channels.
   * @returns {Float32Array[]} a plane for each object.
   */
  planes(probabilities, objects) {
    const channels = probabilities.length / (this.model.width * this.model.height);
    return Array.from({ length: objects }, (_, object) => {
      const plane = new Float32Array(this.content.width * this.content.height);
      this.#forContent((source, target) => (plane[source] = probabilities[target * channels + object]));
      return this.#placed(resizePlane(plane, this.upright, this.region));
    });
  }

  /**
   * Makes sure that a frame or a mask has the size that the fit is for.
   *
   * @param {Size} image
   * @param {string} what
   * @throws {InvalidInputError} it has another.
   */
  check({ width, height }, what) {
    if (width !== this.frame.width || height !== this.frame.height) {
      throw new InvalidInputError(
        `the ${what} is ${width}x${height} but the first frame is ${this.frame.width}x${this.frame.height}; ` +
          "all must have the same size",
      );
    }
  }

  /** Whether the model sees all of the frame. */
  get isWhole() {
    return this.region.width === this.frame.width && this.region.height === this.frame.height;
  }

  /**
   * The region of an image of the frame's size.
   *
   * @template {Uint8Array | Uint8ClampedArray} Pixels
   * @param {Pixels} pixels row by row, channels last.
   * @param {number} channels
   * @returns {Pixels}
   */
  #cut(pixels, channels) {
    if (this.isWhole) {
      return pixels;
    }
    const part = /** @type {Pixels} */ (pixels.slice(0, this.region.width * this.region.height * channels));
    this.#forRows((region, frame) => {
      part.set(pixels.subarray(frame * channels, (frame + this.region.width) * channels), region * channels);
    });
    return part;
  }

  /**
   * Puts what belongs to the region into zeros of the frame's size.
   *
   * @param {Float32Array} part
   */
  #placed(part) {
    if (this.isWhole) {
      return part;
    }
    const whole = new Float32Array(this.frame.width * this.frame.height);
    this.#forRows((region, frame) => whole.set(part.subarray(region, region + this.region.width), frame));
    return whole;
  }

  /**
   * Visits where the rows of the region begin, in the region and in the frame.
   *
   * @param {(region: number, frame: number) => void} visit
   */
  #forRows(visit) {
    const { top, left, width, height } = this.region;
    for (let y = 0; y < height; y++) {
      visit(y * width, (top + y) * this.frame.width + left);
    }
  }

  /**
   * Visits the positions of all pixels of the content before it is turned, and those of the same pixels in the model's
   * input.
   *
   * @param {(source: number, target: number) => void} visit
   */
  #forContent(visit) {
    const { width, height } = this.content;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const source = this.rotated ? x * height + height - 1 - y : y * width + x;
        visit(source, (this.top + y) * this.model.width + this.left + x);
      }
    }
  }
}

/**
 * Gives every pixel to the most probable of background and objects, with sums in 32 bits as in the Python SDK.
 *
 * @param {Float32Array[]} planes the probabilities of each object; the background's are 1 minus their sum.
 * @param {number[]} ids of the objects.
 */
export function label(planes, ids) {
  const labels = new Uint8Array(planes[0].length);
  for (let pixel = 0; pixel < labels.length; pixel++) {
    let best = Math.fround(1 - planes.reduce((sum, plane) => Math.fround(sum + plane[pixel]), 0));
    planes.forEach((plane, object) => {
      if (plane[pixel] > best) {
        best = plane[pixel];
        labels[pixel] = ids[object];
      }
    });
  }
  return labels;
}

/**
 * The largest scale at which a size fits into the model's.
 *
 * @param {Size} size
 * @param {Size} model
 */
export function largestScale(size, model) {
  return Math.min(model.height / size.height, model.width / size.width);
}

/**
 * @param {Size} size
 * @returns {Size}
 */
export function swapped({ width, height }) {
  return { width: height, height: width };
}

/**
 * @param {number} side
 * @param {number} scale
 * @param {number} limit
 */
function scaled(side, scale, limit) {
  return Math.min(Math.max(round(side * scale), 1), limit);
}
