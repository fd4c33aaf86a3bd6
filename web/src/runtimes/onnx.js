/** Graphs on onnxruntime-web: WebAssembly on the CPU. */

import * as ort from "onnxruntime-web";

import { OnnxGraphs } from "../onnx_graphs.js";

/** @typedef {import("../spec.js").GraphSpec} GraphSpec */
/** @typedef {import("./open.js").Tensors} Tensors */

/**
 * Runs an .onnx artifact. Each graph is cut out of the file and loaded when it is first run.
 *
 * @param {import("../artifact.js").Artifact} artifact
 * @returns {Promise<import("./open.js").Runtime>}
 */
export async function openOnnx(artifact) {
  return new OnnxRuntime(new OnnxGraphs(artifact.content));
}

class OnnxRuntime {
  #file;
  /** @type {Map<string, ort.InferenceSession>} */
  #sessions = new Map();

  /** @param {OnnxGraphs} file */
  constructor(file) {
    this.#file = file;
  }

  /**
   * @param {GraphSpec} graph
   * @param {Tensors} inputs
   */
  async run(graph, inputs) {
    const session = await this.#session(graph.name);
    const key = (/** @type {string} */ name) => `${graph.name}/${name}`;
    const feeds = graph.inputs.map(({ name, shape }) => [key(name), new ort.Tensor("float32", inputs[name], shape)]);
    const results = await session.run(Object.fromEntries(feeds));
    return Object.fromEntries(graph.outputs.map(({ name }) => [name, values(results[key(name)])]));
  }

  async release() {
    await Promise.all([...this.#sessions.values()].map((session) => session.release()));
  }

  /** @param {string} graph */
  async #session(graph) {
    let session = this.#sessions.get(graph);
    if (!session) {
      session = await ort.InferenceSession.create(await this.#file.cut(graph), { executionProviders: ["wasm"] });
      this.#sessions.set(graph, session);
    }
    return session;
  }
}

/** @param {ort.Tensor} tensor */
function values(tensor) {
  return /** @type {Float32Array} */ (tensor.data);
}
