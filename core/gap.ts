import { CodecError } from './errors.ts';
import { decodeFrame } from './frame-codec.ts';
import { bytesOf } from './wire-bytes.ts';
import type { WireBytes } from './wire-bytes.ts';

/** What is known of consecutive steps that were left out. */
export interface Bucket {
  readonly step0: number;
  /** Steps. */
  readonly rows: number;
  /** [columns] Least value of each column; NaN where it held no number. */
  readonly least: Float32Array;
  /** [columns] Greatest value of each column; NaN where it held no number. */
  readonly greatest: Float32Array;
}

/** Frames that were left out, numbers from … to−1: what they held by buckets of steps, in order and without a hole. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  readonly buckets: readonly Bucket[];
}

/** A gap as it is sent. */
export interface WireGap {
  readonly from: number;
  readonly to: number;
  /** First step of each bucket, and the first step after the last one. */
  readonly steps: readonly number[];
  /** A frame of core/frame-codec with two rows a bucket: the least value of each column, then the greatest. */
  readonly extremes: WireBytes;
}

/** Reads a gap. @throws {CodecError} when its bytes are damaged or are not of its buckets */
export function decodeGap({ from, to, steps, extremes }: WireGap): Gap {
  const { rows, cols, values } = decodeFrame(bytesOf(extremes));
  if (rows !== 2 * (steps.length - 1))
    throw new CodecError(`gap ${from} … ${to}: ${rows} rows of extremes, expected 2 for each of ${steps.length - 1}`);
  const column = (row: number): Float32Array => Float32Array.from({ length: cols }, (_, c) => values[c * rows + row]!);
  const buckets = steps.slice(0, -1).map((step0, b) => ({
    step0,
    rows: steps[b + 1]! - step0,
    least: column(2 * b),
    greatest: column(2 * b + 1),
  }));
  return { from, to, buckets };
}
