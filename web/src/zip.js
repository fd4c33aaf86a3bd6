/** Reads the ZIP at the end of a file. Members are stored, not compressed; signatures and offsets are those of ZIP. */

const END = 0x06054b50;
const END_SIZE = 22;
const DIRECTORY = 0x02014b50;
const DIRECTORY_SIZE = 46;
const LOCAL_SIZE = 30;
const LONGEST_COMMENT = 0xffff;

/**
 * The members of a ZIP and where it begins.
 *
 * @param {Uint8Array} file
 * @returns {{members: Map<string, Uint8Array>, start: number}}
 * @throws {RangeError} there is no ZIP at the end, or it is damaged or compressed.
 */
export function readZip(file) {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const end = findEnd(view);
  const size = view.getUint32(end + 12, true);
  // What lies before the ZIP may or may not be counted in its offsets; the directory ends where `end` begins.
  const shift = end - size - view.getUint32(end + 16, true);
  const members = new Map();
  let start = end - size;
  for (let entry = end - size; entry < end; ) {
    if (view.getUint32(entry, true) !== DIRECTORY || view.getUint16(entry + 10, true) !== 0) {
      throw new RangeError("its ZIP is damaged or compressed");
    }
    const nameLength = view.getUint16(entry + 28, true);
    const name = new TextDecoder().decode(file.subarray(entry + DIRECTORY_SIZE, entry + DIRECTORY_SIZE + nameLength));
    const local = shift + view.getUint32(entry + 42, true);
    const content = local + LOCAL_SIZE + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    members.set(name, file.subarray(content, content + view.getUint32(entry + 24, true)));
    start = Math.min(start, local);
    entry += DIRECTORY_SIZE + nameLength + view.getUint16(entry + 30, true) + view.getUint16(entry + 32, true);
  }
  return { members, start };
}

/** @param {DataView} view */
function findEnd(view) {
  const last = view.byteLength - END_SIZE;
  for (let position = last; position >= Math.max(last - LONGEST_COMMENT, 0); position--) {
    if (view.getUint32(position, true) === END) {
      return position;
    }
  }
  throw new RangeError("it has no ZIP at its end");
}
