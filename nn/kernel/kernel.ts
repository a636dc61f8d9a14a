import { BackendError } from '../../core/errors.ts';
import { Heap } from './heap.ts';
import type { KernelMemory } from './heap.ts';
import { mlpWasm } from './mlp-wasm.ts';

/** What nn/kernel/assembly exports; addresses and strides in bytes, counts in floats. */
export interface KernelFunctions {
  readonly gemm: (
    a: number,
    aRow: number,
    aStep: number,
    b: number,
    bStep: number,
    bPanel: number,
    init: number,
    initRow: number,
    initPanel: number,
    c: number,
    cRow: number,
    cPanel: number,
    m: number,
    k: number,
    panels: number,
    zeros: number,
  ) => void;
  readonly activate: (code: number, h: number, slope: number, count: number) => void;
  readonly chain: (code: number, delta: number, h: number, slope: number, count: number) => void;
  readonly copyRows: (from: number, fromRow: number, to: number, toRow: number, rows: number, columns: number) => void;
  readonly clear: (from: number, count: number) => void;
  readonly transpose: (from: number, to: number, inputPanels: number, outputPanels: number) => void;
  readonly sumRows: (delta: number, out: number, rows: number, count: number) => void;
  readonly sumSquares: (x: number, count: number) => number;
  readonly adam: (
    parameter: number,
    gradient: number,
    first: number,
    second: number,
    count: number,
    rate: number,
    beta1: number,
    beta2: number,
    rest1: number,
    rest2: number,
    root: number,
    epsilon: number,
    scale: number,
  ) => void;
  readonly rmsprop: (
    parameter: number,
    gradient: number,
    squares: number,
    count: number,
    rate: number,
    alpha: number,
    rest: number,
    epsilon: number,
    scale: number,
  ) => void;
  readonly signStep: (
    position: number,
    along: number,
    size: number,
    rate: number,
    lower: number,
    upper: number,
    clean: number,
    point: number,
    moved: number,
    rows: number,
    features: number,
  ) => number;
  readonly blend: (
    position: number,
    held: number,
    last: number,
    lower: number,
    upper: number,
    clean: number,
    point: number,
    count: number,
    alpha: number,
  ) => void;
  readonly conjugate: (direction: number, gradient: number, beta: number, rows: number, features: number) => void;
  readonly rowProducts: (a: number, b: number, c: number, out: number, rows: number, features: number) => void;
  readonly lerp: (x: number, y: number, count: number, t: number) => void;
  readonly share: (control: number, tasks: number, timeoutMs: number) => number;
}

/** The compiled kernel with its memory. */
export interface Kernel extends KernelFunctions {
  readonly heap: Heap;
  /** What other threads make an instance of on the same memory. */
  readonly module: object;
  readonly memory: KernelMemory;
}

/** As much of the WebAssembly interface as we use; Node's type package has none. */
interface WebAssemblyLike {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (limits: { initial: number; maximum: number; shared: true }) => KernelMemory;
  readonly Instance: new (module: object, imports: object) => { readonly exports: KernelFunctions };
}

let compiled: object | undefined;
let shared: Kernel | undefined;
let sharedAscent: Kernel | undefined;

/**
 * The kernel of this thread. All networks share one instance: a WebAssembly memory reserves gigabytes of address space, so
 * one for each network would run out at about a hundred.
 * @throws {BackendError} where WebAssembly with SIMD and threads is not to be had.
 */
export function kernel(): Kernel {
  shared ??= instantiate();
  return shared;
}

/**
 * The instance that the searches of this thread share. It has a memory of its own: a network that needs room in the middle of a
 * search may grow the networks' memory, beyond what a view of it shows, but never this one.
 */
export function ascentKernel(): Kernel {
  sharedAscent ??= instantiate();
  return sharedAscent;
}

function instantiate(): Kernel {
  try {
    const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyLike };
    compiled ??= new WebAssembly.Module(Uint8Array.from(atob(mlpWasm), (character) => character.codePointAt(0)!));
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true });
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
    return { ...exports, heap: new Heap(memory), module: compiled, memory };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new BackendError(`the WASM SIMD kernel cannot be started here: ${reason}`, { cause });
  }
}
