import type { Tensor, TensorInfo } from '@tensorflow/tfjs';
import { input } from './wasm-backend.ts';
import type { Repair, WasmBackend } from './wasm-backend.ts';

/**
 * The stock `Slice` copies its whole input out of the heap before it takes the part that was asked for: all parameters of a network, for every one of them, in
 * every step. Here the part alone is copied, within the heap, in runs as long as they get.
 */
export const slice: Repair = (tf, stock) => {
  const { kernelFunc } = stock!;
  return ({ inputs, attrs, backend }) => {
    const x = input(inputs, 'x');
    if (!isPlain(x)) return kernelFunc({ inputs, attrs, backend }) as TensorInfo;
    const { begin, size } = attrs as { readonly begin: number | number[]; readonly size: number | number[] };
    const [from, count] = tf.slice_util.parseSliceParams(x as Tensor, begin, size) as [number[], number[]];
    return part(backend, x, from, count);
  };
};

/** The stock `SplitV` takes its parts by the stock `Slice`. Texts are never split. */
export const split: Repair = (tf) => {
  return ({ inputs, attrs, backend }) => {
    const x = input(inputs, 'x');
    const axis = tf.util.parseAxisParam(attrs['axis'] as number, x.shape)[0]!;
    const widths = tf.backend_util.prepareSplitSize(
      x as Tensor,
      attrs['numOrSizeSplits'] as number | number[],
      axis,
    ) as readonly number[];
    let start = 0;
    return widths.map((width) => {
      const from = x.shape.map((_, a) => (a === axis ? start : 0));
      const count = x.shape.map((whole, a) => (a === axis ? width : whole));
      start += width;
      return part(backend, x, from, count);
    });
  };
};

function isPlain({ dtype, shape }: TensorInfo): boolean {
  return shape.length > 0 && (dtype === 'float32' || dtype === 'int32' || dtype === 'bool');
}

function part(backend: WasmBackend, x: TensorInfo, begin: readonly number[], size: readonly number[]): TensorInfo {
  const { shape } = x;
  const out = backend.makeOutput(size, x.dtype);
  const to = backend.typedArrayFromHeap(out);
  const from = backend.typedArrayFromHeap(x);
  // A run: what is taken of the last axis that is cut, with all behind it.
  let cut = shape.length - 1;
  while (cut > 0 && size[cut] === shape[cut]) cut--;
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, width) => product * width, 1));
  const run = size[cut]! * strides[cut]!;
  let at = 0;
  const copy = (axis: number, offset: number): void => {
    const start = offset + begin[axis]! * strides[axis]!;
    if (axis === cut) {
      to.set(from.subarray(start, start + run), at);
      at += run;
      return;
    }
    for (let i = 0; i < size[axis]!; i++) copy(axis + 1, start + i * strides[axis]!);
  };
  copy(0, 0);
  return out;
}
