/** One video: a Session takes frame after frame, keeps the memory, and gives the objects' masks. */

import { InvalidInputError } from "./errors.js";
import { label } from "./fit.js";
import { MemoryBank } from "./memory.js";
import { findGraph } from "./spec.js";
import { View } from "./view.js";
import { areasOf, hiddenPositions, recentAreas } from "./visibility.js";

/** @typedef {import("./fit.js").Mask} Mask */
/** @typedef {import("./runtimes/open.js").Tensors} Tensors */
/** @typedef {import("./spec.js").GraphSpec} GraphSpec */
/** @typedef {{mask: Mask, ids: number[], planes: Float32Array[]}} Result `planes`: probabilities of each object. */

/** Follows the objects of one video: graphs and tensors are found in the artifact's spec, by their roles. */
export class Session {
  #runner;
  #view;
  #mask;
  #ids;
  #bank;
  #areas;

  /**
   * Begins with the first frame and its mask.
   *
   * @param {import("./runtimes/open.js").Runner} runner
   * @param {ImageData} frame
   * @param {Mask} mask of the frame's size.
   * @throws {InvalidInputError} they differ in size, or there are no objects, or too many.
   */
  static async start(runner, frame, mask) {
    const { spec } = runner;
    const whole = View.whole(frame, spec);
    whole.fit.check(mask, "mask");
    const ids = objectIds(mask, spec.max_objects);
    const view = whole.around(mask, ids);
    const graph = findGraph(spec, "start", ids.length);
    const reference = await runEntry(runner, graph, {
      frame: view.fit.frameTensor(frame, spec.pad_rgb),
      masks: view.fit.maskTensor(mask, ids, graph.objects),
    });
    return new Session(runner, view, mask, ids, new MemoryBank(spec, ids.length, reference));
  }

  /**
   * Use `Session.start`.
   *
   * @param {import("./runtimes/open.js").Runner} runner
   * @param {View} view of the first frame.
   * @param {Mask} mask of it.
   * @param {number[]} ids
   * @param {MemoryBank} bank
   */
  constructor(runner, view, mask, ids, bank) {
    this.#runner = runner;
    this.#view = view;
    this.#mask = mask;
    this.#ids = ids;
    this.#bank = bank;
    this.#areas = areasOf(mask, ids);
  }

  /**
   * Follows the objects into the next frame.
   *
   * @param {ImageData} image of the first frame's size.
   * @returns {Promise<Result>}
   * @throws {InvalidInputError} it has another size.
   */
  async step(image) {
    const { spec } = this.#runner;
    const view = this.#view.next(this.#mask, this.#ids);
    const frame = view.fit.frameTensor(image, spec.pad_rgb);
    const { graph } = this.#bank;
    const outputs = await this.#runner.run(graph, byRole(graph, { frame }, this.#bank.inputs()));
    const probabilities = outputs[graph.outputs.find(({ role }) => role === "probabilities")?.name ?? ""];
    const planes = view.fit.planes(probabilities, this.#ids.length);
    const mask = { ...view.fit.frame, ids: label(planes, this.#ids) };
    const seen = areasOf(mask, this.#ids);
    // A memory that objects share takes every frame in: it is of all of them.
    const hidden = this.#bank.shared ? [] : hiddenPositions(seen, this.#areas);
    if (spec.queue > 1 && hidden.length < this.#ids.length) {
      // With a queue of 1 the reference is all there is to remember.
      const memorize = findGraph(spec, "memorize", this.#ids.length);
      this.#bank.push(await runEntry(this.#runner, memorize, { frame, masks: probabilities }, outputs), hidden);
    }
    this.#view = view;
    this.#mask = mask;
    this.#areas = recentAreas(seen, this.#areas);
    return { mask: this.#mask, ids: this.#ids, planes };
  }
}

/**
 * The ids in a mask, in ascending order.
 *
 * @param {Mask} mask
 * @param {number} most
 */
function objectIds(mask, most) {
  const ids = [...new Set(mask.ids)].filter((id) => id > 0).sort((one, other) => one - other);
  if (!ids.length) {
    throw new InvalidInputError("the mask is empty; mark at least one object with an id from 1 to 255");
  }
  if (ids.length > most) {
    throw new InvalidInputError(
      `the mask has ${ids.length} objects, but this model follows ${most} at most; ` +
        `export one for more with 'vos-export --objects ${ids.length}'`,
    );
  }
  return ids;
}

/**
 * Runs a graph whose outputs are to be memorised, and gives them by the names of the entry.
 *
 * @param {import("./runtimes/open.js").Runner} runner
 * @param {GraphSpec} graph
 * @param {Tensors} roles
 * @param {Tensors} [named]
 * @returns {Promise<Tensors>}
 */
async function runEntry(runner, graph, roles, named = {}) {
  const outputs = await runner.run(graph, byRole(graph, roles, named));
  return Object.fromEntries(graph.outputs.map(({ name, entry }) => [entry, outputs[name]]));
}

/**
 * All inputs of a graph: by their roles where a role has one tensor, the others by their names.
 *
 * @param {GraphSpec} graph
 * @param {Tensors} roles
 * @param {Tensors} named
 * @returns {Tensors}
 */
function byRole(graph, roles, named) {
  return Object.fromEntries(graph.inputs.map(({ name, role }) => [name, roles[role] ?? named[name]]));
}
