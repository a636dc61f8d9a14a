import type { backend_util, NamedAttrMap } from '@tensorflow/tfjs';
import { BackendError } from '../../../core/errors.ts';
import type { Tensorflow } from '../tensorflow.ts';

export type Window = ReturnType<typeof backend_util.computeConv2DInfo>;

type Shape4 = [number, number, number, number];

/**
 * Where a filter lies over its images: sizes, strides, padding.
 * @param shape [batch, height, width, channels]
 * @throws {BackendError} for images with the channels first, which no operation of the WASM backend takes.
 */
export function window(
  tf: Tensorflow,
  shape: readonly number[],
  filterShape: readonly number[],
  attrs: NamedAttrMap,
  depthwise = false,
): Window {
  if (attrs['dataFormat'] === 'NCHW')
    throw new BackendError("the WASM backend takes images as 'NHWC', got 'NCHW': [batch, channels, height, width]");
  return tf.backend_util.computeConv2DInfo(
    shape as Shape4,
    filterShape as Shape4,
    attrs['strides'] as number | [number, number],
    (attrs['dilations'] ?? 1) as number | [number, number],
    attrs['pad'] as 'same' | 'valid' | number,
    attrs['dimRoundingMode'] as 'floor' | 'round' | 'ceil',
    depthwise,
  );
}
