import { headActions, headOutputs } from '../../core/policy.ts';
import type { Head } from '../../core/policy.ts';
import type { Rng } from '../../core/rng.ts';
import type { GradientAccess } from '../../core/victim.ts';

/** A dense tanh network written as plain loops over float64 weights: `W[layer][input][output]`, `b[layer][output]`. */
export interface ReferenceNetwork {
  readonly weights: readonly (readonly (readonly number[])[])[];
  readonly biases: readonly (readonly number[])[];
}

/** Random weights, scaled by 1/√inputs times `gain`. */
export function randomNetwork(rng: Rng, sizes: readonly number[], gain = 1.5): ReferenceNetwork {
  const draw = (inputs: number): number => (gain * rng.normal()) / Math.sqrt(inputs);
  return {
    weights: sizes.slice(1).map((outputs, layer) => {
      const inputs = sizes[layer]!;
      return Array.from({ length: inputs }, () => Array.from({ length: outputs }, () => draw(inputs)));
    }),
    biases: sizes.slice(1).map((outputs) => Array.from({ length: outputs }, () => 0.3 * rng.normal())),
  };
}

/**
 * The tests' own victim, one row at a time in double precision with hand-written derivatives: what attacks and the real
 * network are set against. tanh between layers, linear at the end.
 */
export function referenceVictim(network: ReferenceNetwork, head: Head): GradientAccess {
  const inputs = network.weights[0]!.length;
  const outputs = headOutputs(head);

  /** Activations of every layer, the input first. */
  const activations = (x: readonly number[]): number[][] => {
    const all = [[...x]];
    network.weights.forEach((weight, layer) => {
      const before = all.at(-1)!;
      const sums = network.biases[layer]!.map((bias, o) =>
        before.reduce((sum, v, i) => sum + v * weight[i]![o]!, bias),
      );
      all.push(layer === network.weights.length - 1 ? sums : sums.map(Math.tanh));
    });
    return all;
  };
  const rowOf = (x: Float32Array, row: number): number[] => [...x.subarray(row * inputs, (row + 1) * inputs)];

  const victim: GradientAccess = {
    head,
    observationSize: inputs,
    actionSize: headActions(head),
    logitsSize: outputs,
    logits(x, rows, out) {
      for (let row = 0; row < rows; row++) out.set(activations(rowOf(x, row)).at(-1)!, row * outputs);
    },
    decide(x, rows, action) {
      const z = new Float32Array(rows * outputs);
      victim.logits(x, rows, z);
      const actions = victim.actionSize;
      for (let row = 0; row < rows; row++) {
        const logits = [...z.subarray(row * outputs, (row + 1) * outputs)];
        if (head.kind === 'categorical') action[row] = head.values[logits.indexOf(Math.max(...logits))]!;
        else for (let b = 0; b < actions; b++) action[row * actions + b] = mode(head, b, logits[b]!);
      }
    },
    valueAndGradient({ objective, goal }, x, rows, value, gradient) {
      const z = new Float32Array(rows * outputs);
      const slope = new Float32Array(rows * outputs);
      victim.logits(x, rows, z);
      objective.evaluate(head, z, goal, rows, value, slope);
      for (let row = 0; row < rows; row++) {
        const all = activations(rowOf(x, row));
        let back = [...slope.subarray(row * outputs, (row + 1) * outputs)];
        for (let layer = network.weights.length - 1; layer >= 0; layer--) {
          const before = all[layer]!;
          const through = network.weights[layer]!.map((line) => line.reduce((sum, w, o) => sum + w * back[o]!, 0));
          back = layer === 0 ? through : through.map((d, i) => d * (1 - before[i]! ** 2));
        }
        gradient.set(back, row * inputs);
      }
    },
  };
  return victim;
}

function mode(head: Exclude<Head, { kind: 'categorical' }>, b: number, mean: number): number {
  const low = head.low[b]!;
  const high = head.high[b]!;
  if (head.kind === 'squashed-gaussian') return low + ((Math.tanh(mean) + 1) / 2) * (high - low);
  if (head.kind === 'gaussian') return low + Math.min(1, Math.max(0, mean)) * (high - low);
  return Math.min(high, Math.max(low, mean));
}

/** The paper's 20 bins and its action range. */
const reach = 0.78125;
export const heads = {
  categorical: {
    kind: 'categorical',
    values: Array.from({ length: 20 }, (_, i) => -reach + (2 * reach * i) / 19),
  },
  'squashed-gaussian': { kind: 'squashed-gaussian', low: [-reach], high: [reach] },
  gaussian: { kind: 'gaussian', low: [-reach], high: [reach] },
  deterministic: { kind: 'deterministic', low: [-reach], high: [reach] },
} satisfies Record<string, Head>;
