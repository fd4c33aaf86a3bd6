/** Opens an artifact: finds the spec inside an .onnx or .tflite file and makes sure that the file is whole. */

import constants from "./constants.json" with { type: "json" };
import { ArtifactError, RuntimeMissingError } from "./errors.js";
import { readMetadata } from "./onnx_graphs.js";
import { parseSpec } from "./spec.js";
import { readZip } from "./zip.js";

/**
 * @typedef {{kind: "onnx" | "tflite", spec: import("./spec.js").ArtifactSpec, content: Uint8Array}} Artifact
 *   `content` is what its runtime takes: the whole .onnx file, or the flatbuffer before the ZIP.
 */

/**
 * Reads and checks an artifact. The bytes say which of the two formats it is, whatever the file's name.
 *
 * @param {Blob} file
 * @returns {Promise<Artifact>}
 * @throws {ArtifactError} empty, truncated, damaged, of another program or of a newer format version.
 */
export async function openArtifact(file) {
  const content = new Uint8Array(await file.arrayBuffer());
  try {
    // A flatbuffer carries its file identifier in bytes 4 to 7.
    const isTflite = new TextDecoder().decode(content.subarray(4, 8)) === constants.tflite_identifier;
    return await (isTflite ? openTflite(content) : openOnnx(content));
  } catch (error) {
    if (error instanceof RangeError) {
      throw new ArtifactError(`no whole artifact (${error.message}); copy the file again, or make one with vos-export`);
    }
    throw error;
  }
}

/**
 * @param {Uint8Array} content
 * @returns {Promise<Artifact>}
 */
async function openOnnx(content) {
  const spec = readMetadata(content, constants.spec_name);
  if (!spec) {
    throw new ArtifactError("this is the model of another program, or its end is lost; make one with vos-export");
  }
  return { kind: "onnx", spec: parseSpec(spec), content };
}

/**
 * @param {Uint8Array<ArrayBuffer>} content
 * @returns {Promise<Artifact>}
 */
async function openTflite(content) {
  const { members, start } = readZip(content);
  // The checksum is the hex SHA-256 of all bytes before the ZIP.
  const [spec, checksum] = [members.get(constants.spec_name), members.get(constants.checksum_name)];
  if (!spec || !checksum) {
    throw new ArtifactError("this is the model of another program; make one with vos-export");
  }
  const model = content.subarray(0, start);
  if ((await sha256(model)) !== new TextDecoder().decode(checksum).trim()) {
    throw new ArtifactError("the file is damaged: its checksum is wrong; copy or export it again");
  }
  return { kind: "tflite", spec: parseSpec(spec), content: model };
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
async function sha256(bytes) {
  if (!globalThis.crypto?.subtle) {
    throw new RuntimeMissingError("this page cannot check files here; open it from localhost or over https");
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
