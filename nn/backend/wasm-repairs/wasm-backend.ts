import type { KernelConfig, NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs';
import type { Tensorflow } from '../tensorflow.ts';

/** As much of TensorFlow.js's WASM backend as a kernel needs. */
export interface WasmBackend {
  makeOutput(shape: readonly number[], dtype: TensorInfo['dtype']): TensorInfo;
  disposeData(dataId: object): boolean;
  /** A view of the heap; stale after the next `makeOutput`, which may grow it. */
  typedArrayFromHeap(info: TensorInfo): Float32Array | Int32Array | Uint8Array;
}

/** A kernel of ours: what `registerKernel` takes, with types that hold for the WASM backend. */
export type WasmKernel = (call: {
  readonly inputs: NamedTensorInfoMap;
  readonly attrs: NamedAttrMap;
  readonly backend: WasmBackend;
}) => TensorInfo | TensorInfo[];

/** Makes a kernel, given the stock one where there is one. */
export type Repair = (tf: Tensorflow, stock: KernelConfig | undefined) => WasmKernel;

/** The values of a float32 tensor, for the time being (`typedArrayFromHeap`). */
export function floats(backend: WasmBackend, info: TensorInfo): Float32Array {
  return backend.typedArrayFromHeap(info) as Float32Array;
}

/** An input that the operation's definition requires. */
export function input(inputs: NamedTensorInfoMap, name: string): TensorInfo {
  return inputs[name]!;
}

/** Calls a kernel of the WASM backend from within another one. */
export function call(
  tf: Tensorflow,
  backend: WasmBackend,
  kernel: string,
  inputs: NamedTensorInfoMap,
  attrs: NamedAttrMap = {},
): TensorInfo {
  return tf.getKernel(kernel, 'wasm').kernelFunc({ inputs, attrs, backend }) as TensorInfo;
}
