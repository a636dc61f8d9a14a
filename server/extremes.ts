import { CodecError } from '../core/errors.ts';
import { encodeFrame, frameHeader, frameHeaderBytes } from '../core/frame-codec.ts';
import type { WireGap } from '../core/gap.ts';
import { StoreError } from './store-error.ts';

/** Up to `limit` of a run's frames from a number on. */
export type ReadFrames = (
  from: number,
  limit: number,
) => readonly { readonly seq: number; readonly body: Uint8Array }[];

/** Frames in a block at first. Where there are too many blocks, or too many bytes of them, two and two become one. */
const firstBlock = 16;
const [leastBlocks, mostBlocks] = [64, 2048];
const maxBytes = 4 << 20;
/** Frames that one call of {@link Extremes.advance} takes: some milliseconds when they come from the disk. */
const maxAdvance = 128;
/** Buckets of a gap, and their bytes. */
const maxBuckets = 64;
const maxBucketBytes = 128 << 10;

/**
 * Least and greatest value of every column of a run by blocks of frames, taken in as they are committed, so that what any range of them held can be
 * told at once. Of a range only the frames in the blocks that it cuts are read again.
 */
export class Extremes {
  #frames = 0;
  #block = firstBlock;
  #schema = 0;
  #cols = 0;
  #blocks = 0;
  /** First step of each block. */
  #steps = new Float64Array(0);
  /** The first step after the frames that were taken in. */
  #endStep = 0;
  #least = new Float32Array(0);
  #greatest = new Float32Array(0);

  /** Takes in what it lacks of frames 0 … head−1, some of it. @returns whether it now has all of them */
  advance(head: number, read: ReadFrames): boolean {
    if (this.#frames >= head) return true;
    for (const { seq, body } of consecutive(read, this.#frames, Math.min(head, this.#frames + maxAdvance)))
      this.#add(seq, body);
    return this.#frames >= head;
  }

  /** What frames from … to−1 held; they must have been taken in. */
  gap(from: number, to: number, read: ReadFrames): WireGap {
    const block = this.#block;
    const most = Math.max(1, Math.min(maxBuckets, Math.floor(maxBucketBytes / (8 * this.#cols))));
    // Whole blocks at fixed places: a bucket more than `most` where both ends are cut is as good.
    const size = block * Math.ceil((to - from) / (block * most));
    const first = Math.floor(from / size);
    const count = Math.ceil(to / size) - first;
    const least = new Float32Array(count * this.#cols).fill(Number.NaN);
    const greatest = new Float32Array(count * this.#cols).fill(Number.NaN);
    const steps: number[] = [];
    for (let bucket = 0; bucket < count; bucket++) {
      const at = bucket * this.#cols;
      const [begin, end] = [Math.max(from, (first + bucket) * size), Math.min(to, (first + bucket + 1) * size)];
      steps.push(this.#stepOf(begin, read));
      const [whole, rest] = [Math.min(end, block * Math.ceil(begin / block)), block * Math.floor(end / block)];
      for (const { body } of consecutive(read, begin, whole)) fold(body, least, greatest, at);
      for (let b = whole / block; b < rest / block; b++) this.#merge(b, least, greatest, at);
      for (const { body } of consecutive(read, Math.max(whole, rest), end)) fold(body, least, greatest, at);
    }
    steps.push(this.#stepOf(to, read));
    return { from, to, steps, extremes: this.#encode(from, steps[0]!, count, least, greatest) };
  }

  #add(seq: number, body: Uint8Array): void {
    const { schema, step0, rows, cols } = frameHeader(body);
    if (seq === 0) {
      [this.#schema, this.#cols] = [schema, cols];
      this.#blocks = Math.max(leastBlocks, Math.min(mostBlocks, 2 * Math.floor(maxBytes / (16 * cols))));
      this.#steps = new Float64Array(this.#blocks);
      this.#least = new Float32Array(this.#blocks * cols);
      this.#greatest = new Float32Array(this.#blocks * cols);
    } else if (schema !== this.#schema || cols !== this.#cols)
      throw new CodecError(
        `frame ${seq}: ${cols} columns of schema ${schema}, expected ${this.#cols} of ${this.#schema}`,
      );
    if (seq === this.#blocks * this.#block) this.#halve();
    const block = Math.floor(seq / this.#block);
    if (seq % this.#block === 0) {
      this.#steps[block] = step0;
      this.#least.fill(Number.NaN, block * cols, (block + 1) * cols);
      this.#greatest.fill(Number.NaN, block * cols, (block + 1) * cols);
    }
    fold(body, this.#least, this.#greatest, block * cols);
    this.#frames = seq + 1;
    this.#endStep = step0 + rows;
  }

  /** Makes one block of two. */
  #halve(): void {
    const cols = this.#cols;
    for (let b = 0; b < this.#blocks / 2; b++) {
      this.#steps[b] = this.#steps[2 * b]!;
      for (const values of [this.#least, this.#greatest]) values.copyWithin(b * cols, 2 * b * cols, (2 * b + 1) * cols);
      this.#merge(2 * b + 1, this.#least, this.#greatest, b * cols);
    }
    this.#block *= 2;
  }

  /** Widens extremes by those of a block. */
  #merge(block: number, least: Float32Array, greatest: Float32Array, at: number): void {
    for (let c = 0; c < this.#cols; c++) {
      const [low, high] = [this.#least[block * this.#cols + c]!, this.#greatest[block * this.#cols + c]!];
      if (Number.isNaN(low)) continue;
      if (!(least[at + c]! <= low)) least[at + c] = low;
      if (!(greatest[at + c]! >= high)) greatest[at + c] = high;
    }
  }

  #stepOf(seq: number, read: ReadFrames): number {
    if (seq === this.#frames) return this.#endStep;
    if (seq % this.#block === 0) return this.#steps[seq / this.#block]!;
    return frameHeader(consecutive(read, seq, seq + 1)[0]!.body).step0;
  }

  #encode(seq: number, step0: number, buckets: number, least: Float32Array, greatest: Float32Array): Uint8Array {
    const [rows, cols] = [2 * buckets, this.#cols];
    const values = new Float32Array(rows * cols);
    for (let b = 0; b < buckets; b++)
      for (let c = 0; c < cols; c++) {
        values[c * rows + 2 * b] = least[b * cols + c]!;
        values[c * rows + 2 * b + 1] = greatest[b * cols + c]!;
      }
    const bytes = encodeFrame({ schema: this.#schema, seq, step0, rows, cols, values, wallTime: 0 });
    return Buffer.from(bytes.buffer); // socket.io's msgpack would wrap any other view
  }
}

/** Widens the extremes of a frame's columns at `at`, +1, …: a column that holds no number leaves them as they are. */
function fold(body: Uint8Array, least: Float32Array, greatest: Float32Array, at: number): void {
  const { rows, cols } = frameHeader(body);
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  let place = frameHeaderBytes;
  for (let c = 0; c < cols; c++) {
    let [low, high] = [least[at + c]!, greatest[at + c]!];
    for (let row = 0; row < rows; row++, place += 4) {
      const value = view.getFloat32(place, true);
      if (Number.isNaN(value)) continue;
      if (!(low <= value)) low = value;
      if (!(high >= value)) high = value;
    }
    least[at + c] = low;
    greatest[at + c] = high;
  }
}

/** Frames from … to−1. @throws {StoreError} where one is missing */
function consecutive(read: ReadFrames, from: number, to: number): ReturnType<ReadFrames> {
  if (to <= from) return [];
  const frames = read(from, to - from);
  if (frames.length !== to - from || frames.some(({ seq }, i) => seq !== from + i))
    throw new StoreError(`frames ${from} … ${to - 1}: one of them is no longer there`);
  return frames;
}

/** The extremes of the runs that are watched in mode `live`, one for however many watch. */
export class SharedExtremes {
  readonly #runs = new Map<string, { readonly extremes: Extremes; holders: number }>();

  /** They are kept until everyone who holds them has disposed. */
  hold(runId: string): Disposable & { readonly extremes: Extremes } {
    const held = this.#runs.get(runId) ?? { extremes: new Extremes(), holders: 0 };
    this.#runs.set(runId, held);
    held.holders++;
    let open = true;
    return {
      extremes: held.extremes,
      [Symbol.dispose]: () => {
        if (!open) return;
        open = false;
        if (--held.holders === 0) this.#runs.delete(runId);
      },
    };
  }
}
