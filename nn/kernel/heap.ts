import { BackendError } from '../../core/errors.ts';

const pageBytes = 65_536;
const alignment = 64; // a cache line
/** Address 0 stays unused, and the kernel's own lists lie before this one (assembly/row-list.ts). */
const start = 64 + 8192;

interface Block {
  readonly address: number;
  readonly bytes: number;
}

/** A WebAssembly memory, in pages of 64 KiB. */
export interface KernelMemory {
  readonly buffer: ArrayBufferLike;
  grow(pages: number): number;
}

/** First-fit storage in a WebAssembly memory. Networks come and go seldom and their buffers are large, so a list will do. */
export class Heap {
  readonly #memory: KernelMemory;
  #view: Float32Array;
  /** Ordered by address, no two adjacent. */
  #free: Block[] = [];
  #end = start;

  constructor(memory: KernelMemory) {
    this.#memory = memory;
    this.#view = new Float32Array(memory.buffer);
  }

  /** All of the memory as float32, index = address / 4; stale after the next `allocate`. */
  get floats(): Float32Array {
    return this.#view;
  }

  /** Bytes in use. */
  get used(): number {
    return this.#end - start - this.#free.reduce((sum, block) => sum + block.bytes, 0);
  }

  /**
   * Room for `count` floats, all 0, aligned to a cache line.
   * @returns its address in bytes
   * @throws {BackendError} when the memory cannot grow (4 GiB at most).
   */
  allocate(count: number): number {
    const bytes = blockBytes(count);
    const index = this.#free.findIndex((block) => block.bytes >= bytes);
    let address = this.#end;
    if (index >= 0) {
      const block = this.#free[index]!;
      address = block.address;
      const rest = block.bytes - bytes;
      this.#free.splice(index, 1, ...(rest > 0 ? [{ address: address + bytes, bytes: rest }] : []));
    } else {
      this.#reach(address + bytes);
      this.#end += bytes;
    }
    this.#view.fill(0, address / 4, (address + bytes) / 4);
    return address;
  }

  /** Gives back what `allocate(count)` returned. */
  release(address: number, count: number): void {
    const at = this.#free.findIndex((block) => block.address > address);
    const index = at < 0 ? this.#free.length : at;
    const before = this.#free[index - 1];
    const after = this.#free[index];
    let start = address;
    let end = address + blockBytes(count);
    const joinsBefore = before !== undefined && before.address + before.bytes === start;
    const joinsAfter = after !== undefined && after.address === end;
    if (joinsBefore) start = before.address;
    if (joinsAfter) end = after.address + after.bytes;
    const merged = end === this.#end ? [] : [{ address: start, bytes: end - start }];
    if (end === this.#end) this.#end = start;
    this.#free.splice(index - (joinsBefore ? 1 : 0), (joinsBefore ? 1 : 0) + (joinsAfter ? 1 : 0), ...merged);
  }

  #reach(end: number): void {
    const missing = end - this.#memory.buffer.byteLength;
    if (missing <= 0) return;
    // Growing copies nothing but leaves every view short, so grow by at least an eighth.
    const wanted = Math.max(missing, this.#memory.buffer.byteLength / 8);
    try {
      this.#memory.grow(Math.ceil(wanted / pageBytes));
    } catch (cause) {
      throw new BackendError(`the kernel needs ${end} bytes of memory, more than it can get`, { cause });
    }
    this.#view = new Float32Array(this.#memory.buffer);
  }
}

function blockBytes(count: number): number {
  return Math.max(1, Math.ceil((count * 4) / alignment)) * alignment;
}
