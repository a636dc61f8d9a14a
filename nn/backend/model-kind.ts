import type { Tensorflow } from './tensorflow.ts';

/** Kinds of model by what their forward and backward passes ask of a backend. */
export type ModelKind =
  'mlp' | 'recurrent' | 'attention' | 'embedding' | 'convolution' | 'depthwise-convolution' | 'pooling' | 'spectral';

/** The kernels that not every backend has; those that all have are not worth a line. */
const kernels: Readonly<Record<ModelKind, readonly string[]>> = {
  mlp: ['BatchMatMul', '_FusedMatMul'],
  recurrent: ['BatchMatMul', 'Sigmoid', 'Tanh', 'Concat', 'Slice'],
  attention: ['BatchMatMul', 'Einsum', 'Softmax'],
  embedding: ['GatherV2', 'UnsortedSegmentSum'],
  convolution: ['Conv2D', 'FusedConv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter'],
  'depthwise-convolution': [
    'DepthwiseConv2dNative',
    'FusedDepthwiseConv2D',
    'DepthwiseConv2dNativeBackpropInput',
    'DepthwiseConv2dNativeBackpropFilter',
  ],
  pooling: ['MaxPool', 'MaxPoolGrad', 'AvgPool', 'AvgPoolGrad'],
  spectral: ['FFT', 'IFFT', 'Complex', 'Real', 'Imag'],
};

export const modelKinds = Object.keys(kernels) as readonly ModelKind[];

/** What a model of this kind would miss on this backend, by kernel name: the registry's answer, not a table's. */
export function missingKernels(tf: Tensorflow, backend: string, kind: ModelKind): string[] {
  return kernels[kind].filter((name) => !tf.getKernel(name, backend));
}
