import { ShapeError } from '../../../core/errors.ts';
import { input } from './wasm-backend.ts';
import type { Repair } from './wasm-backend.ts';

/**
 * `UnsortedSegmentSum`, which the WASM backend lacks (the gradient of `gather`): `out[s] = Σ x[i]` over the rows i with
 * `segmentIds[i] = s`; rows of other segments than 0 … numSegments−1 are dropped.
 * @throws {ShapeError} when the ids are not one for each row.
 */
export const segmentSum: Repair = () => {
  return ({ inputs, attrs, backend }) => {
    const x = input(inputs, 'x');
    const segmentIds = input(inputs, 'segmentIds');
    const segments = attrs['numSegments'] as number;
    const [rows, ...rest] = x.shape as [number, ...number[]];
    if (segmentIds.shape.length !== 1 || segmentIds.shape[0] !== rows)
      throw new ShapeError(`unsortedSegmentSum: segment ids are [${segmentIds.shape.join(', ')}], expected [${rows}]`);
    const width = rest.reduce((product, size) => product * size, 1);
    const out = backend.makeOutput([segments, ...rest], x.dtype);
    const sums = backend.typedArrayFromHeap(out).fill(0);
    const values = backend.typedArrayFromHeap(x);
    const ids = backend.typedArrayFromHeap(segmentIds);
    for (let row = 0; row < rows; row++) {
      const segment = ids[row]!;
      if (segment < 0 || segment >= segments) continue;
      for (let i = 0; i < width; i++) sums[segment * width + i]! += values[row * width + i]!;
    }
    return out;
  };
};
