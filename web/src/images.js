/** Reads a user's images: frames through the browser; masks byte by byte, since a browser turns ids into colours. */

import { InvalidInputError } from "./errors.js";
import { readPng } from "./png.js";

/** @typedef {import("./fit.js").Mask & {palette: ?Uint8Array}} IdMask `palette`: the RGB of each id, if it has one. */

/**
 * Reads a frame.
 *
 * @param {File} file any image that the browser shows.
 * @returns {Promise<ImageData>}
 * @throws {InvalidInputError} it is none.
 */
export async function readFrame(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { colorSpaceConversion: "none" });
  } catch {
    throw new InvalidInputError(`${file.name} is no image that this browser reads; give a PNG or a JPEG`);
  }
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height);
}

/**
 * Reads a mask of object ids. A grey one that holds black and white alone has one object, 1.
 *
 * @param {File} file
 * @returns {Promise<IdMask>}
 * @throws {InvalidInputError} it is no PNG with a palette or in grey, or it is damaged.
 */
export async function readMask(file) {
  try {
    const { width, height, values, white, palette } = await readPng(new Uint8Array(await file.arrayBuffer()));
    const isBinary = !palette && values.every((value) => value === 0 || value === white);
    return { width, height, ids: isBinary ? values.map((value) => Number(value > 0)) : values, palette };
  } catch (error) {
    throw new InvalidInputError(
      `${file.name} cannot be read as a mask (${error instanceof Error ? error.message : error}); ` +
        "a mask is a PNG with a palette or in grey, in which 0 is background and 1 to 255 are object ids",
    );
  }
}
