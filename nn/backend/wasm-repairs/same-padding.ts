import { input } from './wasm-backend.ts';
import type { Repair } from './wasm-backend.ts';
import { window } from './window.ts';

/**
 * Convolutions padded as `same`. Where a filter is narrower than its stride, the stock kernels leave the padding to XNNPACK,
 * which puts the filter elsewhere; with the same padding spelt out they compute the right thing.
 */
export const samePadding =
  (depthwise: boolean): Repair =>
  (tf, stock) =>
  ({ inputs, attrs, backend }) => {
    const { kernelFunc } = stock!;
    if (attrs['pad'] !== 'same' || attrs['dataFormat'] === 'NCHW') return kernelFunc({ inputs, attrs, backend });
    const at = window(tf, input(inputs, 'x').shape, input(inputs, 'filter').shape, attrs, depthwise);
    const { top, bottom, left, right } = at.padInfo;
    const pad = [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ];
    return kernelFunc({ inputs, attrs: { ...attrs, pad }, backend });
  };
