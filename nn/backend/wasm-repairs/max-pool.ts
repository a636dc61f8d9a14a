import type { NamedAttrMap, TensorInfo } from '@tensorflow/tfjs';
import type { Tensorflow } from '../tensorflow.ts';
import { floats, input } from './wasm-backend.ts';
import type { Repair } from './wasm-backend.ts';

// The stock kernels start their search for a window's maximum at a small positive number, so a negative maximum is lost.

/** Output size, input size, filter size, stride and padding in front along one axis. */
type Axis = readonly [out: number, inside: number, filter: number, stride: number, padding: number];

/** Where the windows lie over values [batch, depth, height, width, channels]; images are volumes of depth 1. */
interface Pooling {
  readonly batch: number;
  readonly channels: number;
  readonly axes: readonly [Axis, Axis, Axis];
  readonly outShape: readonly number[];
}

/** `MaxPoolGrad` and `MaxPool3DGrad`: each slope goes to the first maximum of its window. */
export const maxPoolGradient: Repair =
  (tf) =>
  ({ inputs, attrs, backend }) => {
    const x = input(inputs, 'input');
    const out = backend.makeOutput(x.shape, x.dtype);
    const dX = floats(backend, out).fill(0);
    const dY = floats(backend, input(inputs, 'dy'));
    everyMaximum(poolingOf(tf, x, attrs), floats(backend, x), (y, at) => {
      if (at >= 0) dX[at]! += dY[y]!;
    });
    return out;
  };

/** `MaxPool3D`. */
export const maxPool3d: Repair =
  (tf) =>
  ({ inputs, attrs, backend }) => {
    const x = input(inputs, 'x');
    const pooling = poolingOf(tf, x, attrs);
    const out = backend.makeOutput(pooling.outShape, x.dtype);
    const y = floats(backend, out);
    const values = floats(backend, x);
    everyMaximum(pooling, values, (position, at) => {
      y[position] = at < 0 ? -Infinity : values[at]!;
    });
    return out;
  };

/** `MaxPoolWithArgmax`: the maxima and where they are in their image or, with `includeBatchInIndex`, in the batch. */
export const maxPoolWithArgmax: Repair =
  (tf) =>
  ({ inputs, attrs, backend }) => {
    const x = input(inputs, 'x');
    const pooling = poolingOf(tf, x, attrs);
    const result = backend.makeOutput(pooling.outShape, x.dtype);
    const indexes = backend.makeOutput(pooling.outShape, 'int32');
    const y = floats(backend, result);
    const places = backend.typedArrayFromHeap(indexes);
    const values = floats(backend, x);
    const image = attrs['includeBatchInIndex'] === true ? values.length : values.length / pooling.batch;
    everyMaximum(pooling, values, (position, at) => {
      y[position] = at < 0 ? -Infinity : values[at]!;
      places[position] = at % image;
    });
    return [result, indexes];
  };

/** Calls with each output position and the place of the first maximum of its window; −1 for a window of nothing but NaN. */
function everyMaximum(
  { batch, channels, axes: [depth, height, width] }: Pooling,
  values: Float32Array,
  visit: (y: number, at: number) => void,
): void {
  let y = 0;
  for (let image = 0; image < batch; image++) {
    for (let outLayer = 0; outLayer < depth[0]; outLayer++) {
      const [front, back] = inside(depth, outLayer);
      for (let outRow = 0; outRow < height[0]; outRow++) {
        const [top, bottom] = inside(height, outRow);
        for (let outColumn = 0; outColumn < width[0]; outColumn++) {
          const [left, right] = inside(width, outColumn);
          for (let channel = 0; channel < channels; channel++, y++) {
            let largest = -Infinity;
            let place = -1;
            for (let d = front; d < back; d++) {
              for (let r = top; r < bottom; r++) {
                const row = ((image * depth[1] + d) * height[1] + r) * width[1];
                for (let c = left, at = (row + left) * channels + channel; c < right; c++, at += channels) {
                  const value = values[at]!;
                  if (value > largest) {
                    largest = value;
                    place = at;
                  }
                }
              }
            }
            visit(y, place);
          }
        }
      }
    }
  }
}

/** The part of a window that lies inside the input. */
function inside([, size, filter, stride, padding]: Axis, out: number): readonly [from: number, to: number] {
  const from = out * stride - padding;
  return [Math.max(0, from), Math.min(size, from + filter)];
}

/** Images have four axes, volumes five. */
function poolingOf(tf: Tensorflow, { shape }: TensorInfo, attrs: NamedAttrMap): Pooling {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const call = [shape, filterSize, strides, 1, pad, dimRoundingMode] as const;
  const { computePool2DInfo, computePool3DInfo } = tf.backend_util;
  const volume =
    shape.length === 5 ? computePool3DInfo(...(call as never as Parameters<typeof computePool3DInfo>)) : undefined;
  const at = volume ?? computePool2DInfo(...(call as never as Parameters<typeof computePool2DInfo>));
  return {
    batch: at.batchSize,
    channels: at.inChannels,
    axes: [
      volume === undefined
        ? [1, 1, 1, 1, 0]
        : [volume.outDepth, volume.inDepth, volume.filterDepth, volume.strideDepth, volume.padInfo.front],
      [at.outHeight, at.inHeight, at.filterHeight, at.strideHeight, at.padInfo.top],
      [at.outWidth, at.inWidth, at.filterWidth, at.strideWidth, at.padInfo.left],
    ],
    outShape: at.outShape,
  };
}
