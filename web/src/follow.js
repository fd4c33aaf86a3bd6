/** From files to masks: opens an artifact, reads the images and follows the objects from frame to frame. */

import { openArtifact } from "./artifact.js";
import { InvalidInputError } from "./errors.js";
import { readFrame, readMask } from "./images.js";
import { openRunner } from "./runtimes/open.js";
import { Session } from "./session.js";

/**
 * @typedef {import("./session.js").Result & {name: string, frame: ImageData, palette: ?Uint8Array}} Followed
 *   `name` is the frame's file name.
 */

/**
 * Follows the objects of a mask through frames.
 *
 * @param {File} artifact
 * @param {File} mask of the first frame.
 * @param {File[]} frames the first one and those that come after it.
 * @returns {AsyncGenerator<Followed>} a result for each frame after the first.
 * @throws {import("./errors.js").MobileVOSError} a file cannot be used.
 */
export async function* follow(artifact, mask, frames) {
  if (frames.length < 2) {
    throw new InvalidInputError(
      "there is no frame to follow; give the one that the mask belongs to and those after it",
    );
  }
  const opened = await openArtifact(artifact);
  const [first, ...later] = frames;
  const firstFrame = await readFrame(first);
  const firstMask = await readMask(mask);
  const runner = await openRunner(opened);
  try {
    const session = await Session.start(runner, firstFrame, firstMask);
    for (const file of later) {
      const frame = await readFrame(file);
      yield { ...(await session.step(frame)), name: file.name, frame, palette: firstMask.palette };
    }
  } finally {
    await runner.release();
  }
}
