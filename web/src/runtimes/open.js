/** Chooses the runtime for an artifact, and fetches it when it is first needed. */

import { ArtifactError, RuntimeMissingError } from "../errors.js";

/** @typedef {import("../artifact.js").Artifact} Artifact */
/** @typedef {import("../spec.js").GraphSpec} GraphSpec */
/** @typedef {Record<string, Float32Array>} Tensors by their names in the spec, in its shapes, row by row. */

/**
 * What a runtime does: `run` takes all inputs of a graph, and gives all of its outputs, which are the caller's own;
 * `release` gives the runtime's memory back.
 *
 * @typedef {{run(graph: GraphSpec, inputs: Tensors): Promise<Tensors>, release(): Promise<void>}} Runtime
 * @typedef {Runtime & {spec: import("../spec.js").ArtifactSpec}} Runner a runtime with an artifact.
 */

/** @type {Record<Artifact["kind"], {name: string, fetch: () => Promise<(artifact: Artifact) => Promise<Runtime>>}>} */
const RUNTIMES = {
  onnx: { name: "onnxruntime-web", fetch: async () => (await import("./onnx.js")).openOnnx },
  tflite: { name: "LiteRT.js", fetch: async () => (await import("./litert.js")).openLiteRt },
};

/**
 * Opens an artifact on the runtime that its format is for.
 *
 * @param {Artifact} artifact
 * @returns {Promise<Runner>}
 * @throws {RuntimeMissingError} the runtime is not there.
 * @throws {ArtifactError} it cannot load the model; `run` throws it too.
 */
export async function openRunner(artifact) {
  const { name, fetch } = RUNTIMES[artifact.kind];
  /** @type {<T>(what: string, action: () => Promise<T>) => Promise<T>} */
  const attempt = async (what, action) => {
    try {
      return await action();
    } catch (error) {
      throw new ArtifactError(`${name} cannot ${what}: ${reason(error)}; export it again with vos-export`);
    }
  };
  const open = await fetch().catch((error) => {
    throw new RuntimeMissingError(
      `${name} cannot be fetched: ${reason(error)}; run 'npm ci' in web/, then reload the page`,
    );
  });
  const runtime = await attempt("load the model", () => open(artifact));
  return {
    spec: artifact.spec,
    run: (graph, inputs) => attempt(`run graph '${graph.name}'`, () => runtime.run(graph, inputs)),
    release: () => runtime.release(),
  };
}

/** @param {unknown} error */
function reason(error) {
  if (error instanceof Event) {
    return "a script of it does not load";
  }
  return error instanceof Error ? error.message : String(error);
}
