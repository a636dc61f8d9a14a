import type { KernelFunc } from '@tensorflow/tfjs';
import type { Tensorflow } from './tensorflow.ts';
import { convolutionFilterGradient } from './wasm-repairs/convolution-gradient.ts';
import { depthwiseFilterGradient, depthwiseInputGradient } from './wasm-repairs/depthwise-gradient.ts';
import { einsum } from './wasm-repairs/einsum.ts';
import { fusedMatrixProduct, matrixProduct } from './wasm-repairs/matrix-product.ts';
import { gather } from './wasm-repairs/gather.ts';
import { maxPool3d, maxPoolGradient, maxPoolWithArgmax } from './wasm-repairs/max-pool.ts';
import { samePadding } from './wasm-repairs/same-padding.ts';
import { segmentSum } from './wasm-repairs/segment-sum.ts';
import { slice, split } from './wasm-repairs/slice.ts';
import type { Repair } from './wasm-repairs/wasm-backend.ts';

/** What is slow, missing or wrong in TensorFlow.js's WASM backend 4.22, by kernel name. Source: specs/compute.md 3. */
export const wasmRepairs = {
  // slow
  BatchMatMul: matrixProduct,
  _FusedMatMul: fusedMatrixProduct,
  GatherV2: gather,
  Slice: slice,
  SplitV: split,
  // missing
  Conv2DBackpropFilter: convolutionFilterGradient,
  DepthwiseConv2dNativeBackpropInput: depthwiseInputGradient,
  DepthwiseConv2dNativeBackpropFilter: depthwiseFilterGradient,
  UnsortedSegmentSum: segmentSum,
  Einsum: einsum,
  // wrong
  MaxPoolGrad: maxPoolGradient,
  MaxPool3D: maxPool3d,
  MaxPool3DGrad: maxPoolGradient,
  MaxPoolWithArgmax: maxPoolWithArgmax,
  Conv2D: samePadding(false),
  FusedConv2D: samePadding(false),
  DepthwiseConv2dNative: samePadding(true),
  FusedDepthwiseConv2D: samePadding(true),
} satisfies Readonly<Record<string, Repair>>;

const ours = new WeakSet<KernelFunc>();

/** Puts the repairs in the place of the stock kernels of the WASM backend, once; other backends keep theirs. */
export function repairWasm(tf: Tensorflow): void {
  for (const [kernelName, repair] of Object.entries(wasmRepairs)) {
    const stock = tf.getKernel(kernelName, 'wasm') ?? undefined;
    if (stock !== undefined && ours.has(stock.kernelFunc)) continue;
    const kernelFunc = repair(tf, stock) as unknown as KernelFunc;
    ours.add(kernelFunc);
    if (stock !== undefined) tf.unregisterKernel(kernelName, 'wasm');
    // The stock kernel's setup is what connects it with the WASM module, and ours may call the stock one.
    tf.registerKernel({ ...stock, kernelName, backendName: 'wasm', kernelFunc });
  }
}
