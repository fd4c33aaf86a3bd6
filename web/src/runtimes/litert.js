/** Graphs on LiteRT.js: XNNPACK in WebAssembly on the CPU. */

import { Tensor, loadAndCompile, loadLiteRt, supportsFeature } from "@litertjs/core";

/** @typedef {import("../spec.js").GraphSpec} GraphSpec */
/** @typedef {import("./open.js").Tensors} Tensors */

// Where its package has its WebAssembly.
const WASM_FOLDER = new URL("../wasm/", import.meta.resolve("@litertjs/core")).href;

// The runtime is loaded with this module. Threads need shared memory, which a page has only where its server isolates it
// from other origins; LiteRT.js has them only together with relaxed SIMD, which some browsers lack.
const threads = globalThis.crossOriginIsolated && (await supportsFeature("relaxedSimd"));
await loadLiteRt(WASM_FOLDER, { threads });

/**
 * Runs a .tflite artifact, whose graphs are signatures of one model.
 *
 * @param {import("../artifact.js").Artifact} artifact
 * @returns {Promise<import("./open.js").Runtime>}
 */
export async function openLiteRt(artifact) {
  return new LiteRtRuntime(await loadAndCompile(artifact.content, { accelerator: "wasm" }));
}

class LiteRtRuntime {
  #model;

  /** @param {import("@litertjs/core").CompiledModel} model */
  constructor(model) {
    this.#model = model;
  }

  /**
   * @param {GraphSpec} graph
   * @param {Tensors} inputs
   */
  async run(graph, inputs) {
    const feeds = Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, new Tensor(inputs[name], shape)]));
    try {
      const results = await this.#model.run(graph.name, feeds);
      return Object.fromEntries(graph.outputs.map(({ name }) => [name, take(results[name])]));
    } finally {
      Object.values(feeds).forEach((tensor) => tensor.delete());
    }
  }

  async release() {
    this.#model.delete();
  }
}

/**
 * A tensor's values; its own memory is given back.
 *
 * @param {Tensor} tensor
 */
function take(tensor) {
  const values = /** @type {Float32Array} */ (tensor.toTypedArray());
  tensor.delete();
  return values;
}
