/** The page: takes files from its form, shows every frame with its objects, and says what is wrong in one line. */

import { overlay } from "./draw.js";
import { MobileVOSError } from "./errors.js";
import { follow } from "./follow.js";

const form = /** @type {HTMLFormElement} */ (document.querySelector("form"));
const status = /** @type {HTMLOutputElement} */ (document.querySelector("output"));
const results = /** @type {HTMLElement} */ (document.querySelector("#results"));

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
  button.disabled = true;
  results.replaceChildren();
  report("running", "Loading the model…");
  try {
    report("done", await run(files("artifact")[0], files("mask")[0], files("frames")));
  } catch (error) {
    if (!(error instanceof MobileVOSError)) {
      console.error(error);
    }
    report("failed", error instanceof MobileVOSError ? error.message : `unexpected: ${error}; reload the page`);
  }
  button.disabled = false;
});

/**
 * Follows the objects, shows each frame, and says what was done.
 *
 * @param {File} artifact
 * @param {File} mask
 * @param {File[]} frames
 */
async function run(artifact, mask, frames) {
  let count = 0;
  for await (const followed of follow(artifact, mask, frames)) {
    results.append(figure(followed));
    // Who drives the page, such as a test, gets the numbers too.
    form.dispatchEvent(new CustomEvent("followed", { detail: followed }));
    report("running", `${++count} of ${frames.length - 1} frames followed…`);
    await new Promise(requestAnimationFrame);
  }
  return `${count} of ${frames.length - 1} frames followed with ${artifact.name}.`;
}

/**
 * The files of an input, in the order of their names.
 *
 * @param {string} name
 */
function files(name) {
  const input = /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
  return [...(input.files ?? [])].sort((one, other) =>
    one.name.localeCompare(other.name, undefined, { numeric: true }),
  );
}

/** @param {import("./follow.js").Followed} followed */
function figure({ name, frame, mask, ids, palette }) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [frame.width, frame.height];
  canvas.getContext("2d")?.putImageData(overlay(frame, mask, palette), 0, 0);
  const caption = document.createElement("figcaption");
  caption.textContent = `${name}: ${ids.map((id) => `object ${id} has ${share(mask.ids, id)}`).join(", ")}`;
  const result = document.createElement("figure");
  result.append(canvas, caption);
  return result;
}

/**
 * @param {Uint8Array} ids
 * @param {number} wanted
 */
function share(ids, wanted) {
  const percent = (100 * ids.filter((id) => id === wanted).length) / ids.length;
  return `${percent.toFixed(1)} % of the frame`;
}

/**
 * @param {"running" | "done" | "failed"} state
 * @param {string} message
 */
function report(state, message) {
  status.dataset.state = state;
  status.value = message;
}
