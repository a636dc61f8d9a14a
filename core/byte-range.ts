/** Bytes that are read in parts: a Uint8Array, or a file that need not be in memory whole. */
export interface ByteRange {
  readonly length: number;
  /** Bytes `begin` … `end`, with 0 ≤ begin ≤ end ≤ length; a view where they are in memory. */
  subarray(begin: number, end: number): Uint8Array;
}

/** The part of a range from `begin` to `end`. */
export function rangeWithin(whole: ByteRange, begin: number, end: number): ByteRange {
  if (whole instanceof Uint8Array) return whole.subarray(begin, end);
  return { length: end - begin, subarray: (from, to) => whole.subarray(begin + from, begin + to) };
}

/** All of it. */
export function wholeOf(range: ByteRange): Uint8Array {
  return range.subarray(0, range.length);
}
