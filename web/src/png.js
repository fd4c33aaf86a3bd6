/** Decodes PNGs of one value a pixel, an index of a palette or a shade of grey. Numbers are those of ISO 15948. */

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const GREY = 0;
const INDEXED = 3;
const DEEPEST = 8;

/**
 * Decodes a PNG with a palette or in grey, of 8 bits or less.
 *
 * @param {Uint8Array<ArrayBuffer>} png
 * @returns {Promise<{width: number, height: number, values: Uint8Array, white: number, palette: ?Uint8Array}>}
 *   `white` is the largest value that a pixel could have; a grey image has no palette.
 * @throws {Error} it is no such PNG, or it is damaged.
 */
export async function readPng(png) {
  if (SIGNATURE.some((byte, index) => png[index] !== byte)) {
    throw new TypeError("it is no PNG");
  }
  const chunks = readChunks(png);
  const header = readHeader(chunks[0].content);
  if (![GREY, INDEXED].includes(header.colour) || header.depth > DEEPEST || header.interlaced) {
    throw new TypeError("it is in colour, 16 bits deep or interlaced");
  }
  const rows = await inflate(chunks.filter(({ name }) => name === "IDAT").map(({ content }) => content));
  const palette = chunks.find(({ name }) => name === "PLTE")?.content;
  return {
    width: header.width,
    height: header.height,
    values: unpack(unfilter(rows, header), header),
    white: 2 ** header.depth - 1,
    palette: header.colour === INDEXED && palette ? palette : null,
  };
}

/** @typedef {{width: number, height: number, depth: number, colour: number, interlaced: boolean}} Header */
/** @typedef {{name: string, content: Uint8Array<ArrayBuffer>}} Chunk */

/**
 * @param {Uint8Array<ArrayBuffer>} png
 * @returns {Chunk[]}
 */
function readChunks(png) {
  const view = new DataView(png.buffer);
  const chunks = [];
  for (let position = SIGNATURE.length; position < png.length; ) {
    const length = view.getUint32(position);
    const name = new TextDecoder().decode(png.subarray(position + 4, position + 8));
    chunks.push({ name, content: png.subarray(position + 8, position + 8 + length) });
    position += length + 12;
  }
  return chunks;
}

/**
 * @param {Uint8Array} content
 * @returns {Header}
 */
function readHeader(content) {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  return {
    width: view.getUint32(0),
    height: view.getUint32(4),
    depth: view.getUint8(8),
    colour: view.getUint8(9),
    interlaced: view.getUint8(12) !== 0,
  };
}

/** @param {Uint8Array<ArrayBuffer>[]} parts */
async function inflate(parts) {
  const stream = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * Undoes PNG's filters, for pixels of one byte or less: each row is preceded by the number of its filter.
 *
 * @param {Uint8Array} rows
 * @param {Header} header
 */
function unfilter(rows, { width, height, depth }) {
  const stride = Math.ceil((width * depth) / 8);
  if (rows.length !== height * (stride + 1)) {
    throw new RangeError("it is truncated");
  }
  const result = new Uint8Array(height * stride);
  for (let y = 0; y < height; y++) {
    const filter = rows[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const position = y * stride + x;
      const left = x ? result[position - 1] : 0;
      const up = y ? result[position - stride] : 0;
      const corner = x && y ? result[position - stride - 1] : 0;
      result[position] = rows[y * (stride + 1) + 1 + x] + predict(filter, left, up, corner);
    }
  }
  return result;
}

/**
 * @param {number} filter
 * @param {number} left
 * @param {number} up
 * @param {number} corner
 */
function predict(filter, left, up, corner) {
  switch (filter) {
    case 0:
      return 0;
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    case 4:
      return paeth(left, up, corner);
    default:
      throw new RangeError(`unknown filter ${filter}`);
  }
}

/**
 * Of three neighbours the one that is nearest to left + up - corner.
 *
 * @param {number} left
 * @param {number} up
 * @param {number} corner
 */
function paeth(left, up, corner) {
  const [toLeft, toUp, toCorner] = [up - corner, left - corner, left + up - 2 * corner].map(Math.abs);
  if (toLeft <= toUp && toLeft <= toCorner) {
    return left;
  }
  return toUp <= toCorner ? up : corner;
}

/**
 * A byte for each pixel, where a byte holds several.
 *
 * @param {Uint8Array} packed
 * @param {Header} header
 */
function unpack(packed, { width, height, depth }) {
  const perByte = 8 / depth;
  const stride = Math.ceil(width / perByte);
  return Uint8Array.from({ length: width * height }, (_, pixel) => {
    const x = pixel % width;
    const byte = packed[Math.floor(pixel / width) * stride + Math.floor(x / perByte)];
    return (byte >> (8 - depth * ((x % perByte) + 1))) % 2 ** depth;
  });
}
