/** Reads and writes what protobuf messages are made of: numbered fields. It knows nothing of any message's meaning. */

/** @typedef {{number: number, content: Uint8Array, raw: Uint8Array}} Field `raw` is the field with its tag. */

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/**
 * The fields of a message in their order, as views of it.
 *
 * @param {Uint8Array} message
 * @returns {Generator<Field>}
 * @throws {RangeError} the message is truncated or damaged.
 */
export function* fields(message) {
  let position = 0;
  while (position < message.length) {
    const start = position;
    const [tag, afterTag] = readVarint(message, position);
    const [content, end] = extent(message, tag % 8, afterTag);
    if (end > message.length || tag < 8) {
      throw new RangeError("it is truncated or damaged");
    }
    yield { number: Math.floor(tag / 8), content: message.subarray(content, end), raw: message.subarray(start, end) };
    position = end;
  }
}

/**
 * The content of the first field with a number, empty if there is none.
 *
 * @param {Uint8Array} message
 * @param {number} number
 */
export function firstField(message, number) {
  for (const field of fields(message)) {
    if (field.number === number) {
      return field.content;
    }
  }
  return new Uint8Array(0);
}

/**
 * A length-delimited field of some content, in parts.
 *
 * @param {number} number
 * @param {Uint8Array[]} parts
 * @returns {Uint8Array[]}
 */
export function lengthField(number, parts) {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return [writeVarint(number * 8 + LENGTH), writeVarint(length), ...parts];
}

/**
 * Where a field's content begins and ends.
 *
 * @param {Uint8Array} message
 * @param {number} kind its wire type.
 * @param {number} position after the tag.
 * @returns {[number, number]}
 */
function extent(message, kind, position) {
  switch (kind) {
    case LENGTH: {
      const [length, content] = readVarint(message, position);
      return [content, content + length];
    }
    case VARINT:
      return [position, readVarint(message, position)[1]];
    case FIXED64:
      return [position, position + 8];
    case FIXED32:
      return [position, position + 4];
    default:
      throw new RangeError(`unknown wire type ${kind}`);
  }
}

/**
 * A number, seven bits a byte, and the position after it. Sums, not shifts: these end at 32 bits.
 *
 * @param {Uint8Array} message
 * @param {number} position
 * @returns {[number, number]}
 */
function readVarint(message, position) {
  let value = 0;
  for (let factor = 1; factor < 2 ** 70; factor *= 128) {
    if (position >= message.length) {
      throw new RangeError("it is truncated");
    }
    const byte = message[position++];
    value += (byte % 128) * factor;
    if (byte < 128) {
      return [value, position];
    }
  }
  throw new RangeError("a number is too long");
}

/** @param {number} value */
function writeVarint(value) {
  const bytes = [];
  for (; value > 127; value = Math.floor(value / 128)) {
    bytes.push((value % 128) + 128);
  }
  return Uint8Array.from([...bytes, value]);
}
