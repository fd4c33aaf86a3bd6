/** The artifact's spec: what its graphs take and give. It knows the JSON and nothing about files. */

import constants from "./constants.json" with { type: "json" };
import { ArtifactError } from "./errors.js";

/**
 * The fields are those of docs/artifact-format.md.
 *
 * @typedef {{name: string, role: string, shape: number[],
 *   entry: ?string, slot: ?number, object_axis: ?number}} TensorSpec
 * @typedef {{name: string, role: string, objects: number, inputs: TensorSpec[], outputs: TensorSpec[]}} GraphSpec
 * @typedef {{model: string, queue: number, max_objects: number, height: number, width: number,
 *   pad_rgb: number[], graphs: GraphSpec[]}} ArtifactSpec
 */

// What is read of it here.
const FIELDS = ["model", "queue", "max_objects", "height", "width", "pad_rgb", "graphs"];

/**
 * Parses a spec.
 *
 * @param {Uint8Array} json
 * @returns {ArtifactSpec}
 * @throws {ArtifactError} not JSON, of another program, or of a newer format version.
 */
export function parseSpec(json) {
  let spec;
  try {
    spec = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch (error) {
    throw new ArtifactError(`the artifact's spec is not JSON (${error}); export it again`);
  }
  if (spec?.format !== constants.format) {
    throw new ArtifactError("this is the model of another program; make an artifact with vos-export");
  }
  if (!Number.isInteger(spec.format_version) || spec.format_version > constants.format_version) {
    throw new ArtifactError(
      `the artifact has format version ${spec.format_version}, this page reads up to ${constants.format_version}; ` +
        "use a newer release of the page",
    );
  }
  const missing = FIELDS.find((field) => !(field in spec));
  if (missing) {
    throw new ArtifactError(`the artifact's spec is incomplete (it has no '${missing}'); export it again`);
  }
  return spec;
}

/**
 * The smallest graph of a role that takes so many objects.
 *
 * @param {ArtifactSpec} spec
 * @param {string} role `start`, `segment` or `memorize`.
 * @param {number} objects
 * @returns {GraphSpec}
 * @throws {ArtifactError} there is none.
 */
export function findGraph(spec, role, objects) {
  const fitting = spec.graphs.filter((graph) => graph.role === role && graph.objects >= objects);
  if (!fitting.length) {
    throw new ArtifactError(`the artifact of '${spec.model}' has no graph '${role}' for ${objects} objects`);
  }
  return fitting.reduce((least, graph) => (graph.objects < least.objects ? graph : least));
}
