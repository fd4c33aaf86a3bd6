/** Between frames and masks of any size and the model's tensors: scaled with their aspect kept, turned, bordered. */

import constants from "./constants.json" with { type: "json" };
import { InvalidInputError } from "./errors.js";
import { resizeBytes, resizePlane } from "./resize.js";
import { round } from "./round.js";

/** @typedef {import("./resize.js").Size} Size */
/** @typedef {{width: number, height: number, ids: Uint8Array}} Mask object ids: 0 is background. */

const RGB = 3;
const RGBA = 4;

/** How frames of one size lie in the model's input. */
export class Fit {
  /**
   * @param {Size} frame
   * @param {Size} model
   * @throws {InvalidInputError} the frame has too few pixels to follow anything in it.
   */
  constructor(frame, model) {
    if (Math.min(frame.width, frame.height) < constants.smallest_side) {
      throw new InvalidInputError(
        `the frame is ${frame.width}x${frame.height}; it must be ${constants.smallest_side} pixels or more on each side`,
      );
    }
    const upright = Math.min(model.height / frame.height, model.width / frame.width);
    const turned = Math.min(model.height / frame.width, model.width / frame.height);
    this.frame = { width: frame.width, height: frame.height };
    this.model = { width: model.width, height: model.height };
    /** Whether the frame is turned by 90 degrees counter-clockwise, as a portrait video on a landscape model. */
    this.rotated = turned >= upright * constants.rotation_gain;
    const scale = this.rotated ? turned : upright;
    const sides = this.rotated ? swapped(this.frame) : this.frame;
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
    const pixels = resizeBytes(image.data, RGBA, this.frame, this.upright);
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
    ids.forEach((id, channel) => {
      const covered = Float32Array.from(mask.ids, (value) => Number(value === id));
      const share = resizePlane(covered, this.frame, this.upright);
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
      return resizePlane(plane, this.upright, this.frame);
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
 * @param {Size} size
 * @returns {Size}
 */
function swapped({ width, height }) {
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
