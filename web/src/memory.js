/** The memory of one video: which frames its objects remember, as the spec's tensors. */

import { findGraph } from "./spec.js";

/** @typedef {import("./spec.js").TensorSpec} TensorSpec */
/** @typedef {import("./runtimes/open.js").Tensors} Tensors */

/**
 * A queue of memorised frames: slot 0 is the reference and stays, the others are first in, first out, newest first.
 * A slot holds a tensor for each name of an entry, such as `key` and `value`. Empty slots hold zeros.
 */
export class MemoryBank {
  /** @type {Tensors[]} */
  #slots;
  /** For each object, how many of its slots hold a frame. @type {number[]} */
  #filled;

  /**
   * @param {import("./spec.js").ArtifactSpec} spec
   * @param {number} objects
   * @param {Tensors} reference the entry of the first frame.
   */
  constructor(spec, objects, reference) {
    this.graph = findGraph(spec, "segment", objects);
    this.#filled = Array(objects).fill(1);
    /** Whether all objects share one memory. */
    this.shared = !this.#references.some((tensor) => tensor.object_axis !== null);
    const slot = this.#expand(reference);
    const empty = Object.fromEntries(
      Object.entries(slot).map(([name, values]) => [name, new Float32Array(values.length)]),
    );
    this.#slots = [slot, ...Array(spec.queue - 1).fill(empty)];
  }

  /** All memory inputs of the graph `segment`, by their names. */
  inputs() {
    /** @type {Tensors} */
    const tensors = {};
    for (const tensor of this.graph.inputs) {
      if (tensor.role === "memory") {
        tensors[tensor.name] = this.#slots[tensor.slot ?? 0][tensor.entry ?? ""];
      } else if (tensor.role === "valid") {
        tensors[tensor.name] = this.#valid(tensor);
      }
    }
    return tensors;
  }

  /**
   * Puts a frame into the newest slot; the oldest falls out, the reference stays.
   *
   * @param {Tensors} entry of all objects.
   * @param {number[]} hidden positions of the objects that keep what they remember; none where objects share a memory.
   */
  push(entry, hidden) {
    const [reference, ...before] = this.#slots;
    const moved = [this.#expand(entry), ...before.slice(0, -1)];
    this.#slots = [reference, ...moved.map((slot, index) => this.#withObjects(slot, before[index], hidden))];
    this.#filled = this.#filled.map((filled, object) =>
      hidden.includes(object) ? filled : Math.min(filled + 1, this.#slots.length),
    );
  }

  /**
   * (1, N, 1, Q): 1 where a slot of an object holds a frame.
   *
   * @param {TensorSpec} tensor
   */
  #valid({ shape }) {
    const queue = this.#slots.length;
    const valid = new Float32Array(size(shape));
    this.#filled.forEach((filled, object) => valid.fill(1, object * queue, object * queue + filled));
    return valid;
  }

  /** The memory inputs of the reference, one for each name of an entry. */
  get #references() {
    return this.graph.inputs.filter((tensor) => tensor.role === "memory" && tensor.slot === 0);
  }

  /**
   * A slot in which some objects have what another one holds of them; the numbers of one object lie together.
   *
   * @param {Tensors} slot
   * @param {Tensors} other
   * @param {number[]} objects their positions.
   * @returns {Tensors}
   */
  #withObjects(slot, other, objects) {
    if (!objects.length) {
      return slot;
    }
    const changed = this.#references.map(({ entry, shape, object_axis: axis }) => {
      const [values, length] = [slot[entry ?? ""].slice(), size(shape) / shape[axis ?? 0]];
      for (const object of objects) {
        values.set(other[entry ?? ""].subarray(object * length, (object + 1) * length), object * length);
      }
      return [entry, values];
    });
    return Object.fromEntries(changed);
  }

  /**
   * Repeats what all objects of a frame share (1 on the object axis) for each of them.
   *
   * @param {Tensors} entry
   * @returns {Tensors}
   */
  #expand(entry) {
    return Object.fromEntries(this.#references.map((tensor) => [tensor.entry, repeat(entry[tensor.entry ?? ""], tensor)]));
  }
}

/**
 * Values of a tensor's shape, from values with that shape but for a 1 on its object axis.
 *
 * @param {Float32Array} values
 * @param {TensorSpec} tensor
 */
function repeat(values, { shape, object_axis: axis }) {
  if (values.length === size(shape) || axis === null) {
    return values;
  }
  const inner = size(shape.slice(axis + 1));
  const repeated = new Float32Array(size(shape));
  for (let target = 0; target < repeated.length; target += inner) {
    const source = Math.floor(target / (inner * shape[axis])) * inner;
    repeated.set(values.subarray(source, source + inner), target);
  }
  return repeated;
}

/** @param {number[]} shape */
function size(shape) {
  return shape.reduce((product, side) => product * side, 1);
}
