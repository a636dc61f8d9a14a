import type { Activation } from '../core/policy.ts';

/** A pointwise non-linearity `φ` and its slope `dφ/dz`. */
interface ActivationFunction {
  readonly value: (z: number) => number;
  readonly slope: (z: number) => number;
}

/** All of them map 0 to 0, so padded columns stay 0. At the kink of relu the slope is 0, as in PyTorch and TensorFlow. */
export const activationFunctions: Readonly<Record<Activation, ActivationFunction>> = {
  linear: { value: (z) => z, slope: () => 1 },
  relu: { value: (z) => (z < 0 ? 0 : z), slope: (z) => (z > 0 ? 1 : 0) },
  tanh: { value: Math.tanh, slope: (z) => 1 - Math.tanh(z) ** 2 },
  silu: {
    value: (z) => z / (1 + Math.exp(-z)),
    slope: (z) => {
      const sigmoid = 1 / (1 + Math.exp(-z));
      return sigmoid * (1 + z * (1 - sigmoid));
    },
  },
  elu: { value: (z) => (z > 0 ? z : Math.expm1(z)), slope: (z) => (z > 0 ? 1 : Math.exp(z)) },
};

export const activationNames = Object.keys(activationFunctions) as readonly Activation[];
