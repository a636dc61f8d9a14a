import type { TensorInfo } from '@tensorflow/tfjs';
import { floats, input } from './wasm-backend.ts';
import type { Repair } from './wasm-backend.ts';

/**
 * The stock `GatherV2` works out the place of every single value; here whole rows of a float32 table are copied, which is what an
 * embedding asks for. Along other axes, in batches, and to say what is wrong with an index, the stock kernel is called.
 */
export const gather: Repair = (_tf, stock) => {
  const { kernelFunc } = stock!;
  return ({ inputs, attrs, backend }) => {
    const table = input(inputs, 'x');
    const indices = input(inputs, 'indices');
    const [rows, ...rest] = table.shape;
    const rowWise = attrs['axis'] === 0 && (attrs['batchDims'] ?? 0) === 0;
    const typed = table.dtype === 'float32' && indices.dtype === 'int32';
    const ids = typed ? (backend.typedArrayFromHeap(indices) as Int32Array).slice() : new Int32Array();
    if (!rowWise || !typed || ids.some((id) => id < 0 || id >= rows!))
      return kernelFunc({ inputs, attrs, backend }) as TensorInfo;
    const width = rest.reduce((product, size) => product * size, 1);
    const out = backend.makeOutput([...indices.shape, ...rest], 'float32');
    const to = floats(backend, out);
    const from = floats(backend, table);
    for (let i = 0; i < ids.length; i++) to.set(from.subarray(ids[i]! * width, (ids[i]! + 1) * width), i * width);
    return out;
  };
};
