/**
 * Cuts one graph out of an .onnx artifact, which holds all graphs of a model over one set of weights: onnxruntime-web
 * wants every input of a model to be fed, and would prepare all graphs. It is mobilevos_sdk/onnx_graphs.py once more.
 * Field numbers are those of onnx.proto3.
 */

import { ArtifactError } from "./errors.js";
import { fields, firstField, lengthField } from "./protobuf.js";

const MODEL_GRAPH = 7;
const MODEL_METADATA = 14;
const GRAPH_NODE = 1;
const GRAPH_NAME = 2;
const GRAPH_INITIALIZER = 5;
const GRAPH_INPUT = 11;
const GRAPH_OUTPUT = 12;
const NODE_INPUT = 1;
const NODE_OUTPUT = 2;
const TENSOR_NAME = 8;
const VALUE_INFO_NAME = 1;
const METADATA_KEY = 1;
const METADATA_VALUE = 2;

const decoder = new TextDecoder();
/** @param {Uint8Array} bytes */
const text = (bytes) => decoder.decode(bytes);

/** The graphs of one .onnx file, indexed once; `cut` makes a model of one of them. */
export class OnnxGraphs {
  /** @type {{inputs: string[], outputs: string[], raw: Uint8Array}[]} */
  #nodes = [];
  /** @type {Map<string, Uint8Array>} */
  #initializers = new Map();
  /** @type {Map<string, Uint8Array>} */
  #inputs = new Map();
  /** @type {Map<string, Uint8Array>} */
  #outputs = new Map();
  /** @type {Uint8Array[]} the model's own fields: versions, operator sets. */
  #header = [];

  /** @param {Uint8Array} model the file's bytes, which `readMetadata` has found to be a model. */
  constructor(model) {
    for (const { number, content, raw } of fields(model)) {
      if (number === MODEL_GRAPH) {
        this.#index(content);
      } else if (number !== MODEL_METADATA) {
        this.#header.push(raw);
      }
    }
  }

  /**
   * A model of the nodes and weights that the outputs of one graph need.
   *
   * @param {string} graph its name.
   * @returns {Promise<Uint8Array>}
   * @throws {ArtifactError} the file has no graph of that name.
   */
  async cut(graph) {
    const outputs = new Map([...this.#outputs].filter(([name]) => name.startsWith(`${graph}/`)));
    if (!outputs.size) {
      throw new ArtifactError(`the file has no graph '${graph}'; export it again with vos-export`);
    }
    const needed = new Set(outputs.keys());
    const kept = [];
    // Nodes are stored in the order of execution, so one pass from the end finds all that an output depends on.
    for (const node of this.#nodes.toReversed()) {
      if (node.outputs.some((name) => needed.has(name))) {
        node.inputs.forEach((name) => needed.add(name));
        kept.push(node.raw);
      }
    }
    const parts = [...kept.reverse(), ...lengthField(GRAPH_NAME, [new TextEncoder().encode(graph)])];
    for (const named of [this.#initializers, this.#inputs, outputs]) {
      parts.push(...[...named].filter(([name]) => needed.has(name)).map(([, raw]) => raw));
    }
    const model = new Blob(/** @type {BlobPart[]} */ ([...this.#header, ...lengthField(MODEL_GRAPH, parts)]));
    return new Uint8Array(await model.arrayBuffer());
  }

  /** @param {Uint8Array} graph */
  #index(graph) {
    // Shapes of inner tensors are left out: all graphs are static, and the runtime infers them.
    for (const { number, content, raw } of fields(graph)) {
      if (number === GRAPH_NODE) {
        this.#nodes.push({ inputs: names(content, NODE_INPUT), outputs: names(content, NODE_OUTPUT), raw });
      } else if (number === GRAPH_INITIALIZER) {
        this.#initializers.set(text(firstField(content, TENSOR_NAME)), raw);
      } else if (number === GRAPH_INPUT) {
        this.#inputs.set(text(firstField(content, VALUE_INFO_NAME)), raw);
      } else if (number === GRAPH_OUTPUT) {
        this.#outputs.set(text(firstField(content, VALUE_INFO_NAME)), raw);
      }
    }
  }
}

/**
 * A metadata property of an ONNX model; undefined if it has no such property.
 *
 * @param {Uint8Array} content
 * @param {string} name
 * @returns {Uint8Array | undefined}
 * @throws {RangeError} the bytes are not a complete ONNX model.
 */
export function readMetadata(content, name) {
  let found, graph;
  for (const { number, content: value } of fields(content)) {
    graph ||= number === MODEL_GRAPH;
    if (number === MODEL_METADATA && text(firstField(value, METADATA_KEY)) === name) {
      found = firstField(value, METADATA_VALUE);
    }
  }
  if (!graph) {
    throw new RangeError("it has no graph");
  }
  return found;
}

/**
 * @param {Uint8Array} node
 * @param {number} wanted
 */
function names(node, wanted) {
  return [...fields(node)].filter(({ number }) => number === wanted).map(({ content }) => text(content));
}
