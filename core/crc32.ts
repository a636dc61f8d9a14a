import type { ByteRange } from './byte-range.ts';

/** [8×256] row k: what a byte does to the remainder k bytes on, so that eight bytes are looked up at once. */
const crcTables = new Uint32Array(8 * 256);
for (let byte = 0; byte < 256; byte++) {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ 0xedb88320;
  crcTables[byte] = value;
}
for (let at = 256; at < crcTables.length; at++) {
  const before = crcTables[at - 256]!;
  crcTables[at] = (before >>> 8) ^ crcTables[before & 255]!;
}

/** Bytes that are summed at a time. */
const sumPart = 1 << 20;

/** CRC-32 with the reflected polynomial 0xedb88320. Source: Kounavis and Berry (2005), slicing by eight. */
export function crc32(bytes: ByteRange): number {
  let value = 0xffffffff;
  for (let begin = 0; begin < bytes.length; begin += sumPart)
    value = crcOf(bytes.subarray(begin, Math.min(bytes.length, begin + sumPart)), value);
  return (value ^ 0xffffffff) >>> 0;
}

function crcOf(part: Uint8Array, before: number): number {
  const t = crcTables;
  let value = before;
  let i = 0;
  for (; i + 8 <= part.length; i += 8) {
    const low = value ^ (part[i]! | (part[i + 1]! << 8) | (part[i + 2]! << 16) | (part[i + 3]! << 24));
    value =
      t[0x700 + (low & 255)]! ^
      t[0x600 + ((low >>> 8) & 255)]! ^
      t[0x500 + ((low >>> 16) & 255)]! ^
      t[0x400 + (low >>> 24)]! ^
      t[0x300 + part[i + 4]!]! ^
      t[0x200 + part[i + 5]!]! ^
      t[0x100 + part[i + 6]!]! ^
      t[part[i + 7]!]!;
  }
  for (; i < part.length; i++) value = (value >>> 8) ^ t[(value ^ part[i]!) & 255]!;
  return value;
}
