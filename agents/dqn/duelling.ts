import { assertLength } from '../../core/errors.ts';
import type { LayerSpec } from '../../core/policy.ts';
import type { Network } from '../../nn/network.ts';
import type { ReadableNetwork } from '../network-policy.ts';
import type { QNetwork } from './q-network.ts';

/**
 * A duelling network: `q = V + A − mean A`, two streams off a shared trunk.
 *
 * Backwards `∂L/∂V = Σ_k ∂L/∂q_k`, `∂L/∂A_k = ∂L/∂q_k − mean ∂L/∂q`; the trunk gets the sum of what both streams pass down.
 * Source: Wang et al. (2016), "Dueling Network Architectures for Deep Reinforcement Learning", eq. 9.
 * @param trunk O → H  @param value H → … → 1  @param advantage H → … → K, with layers as wide as the value's but for the last
 */
export function duellingQNetwork(trunk: Network, value: Network, advantage: Network): QNetwork {
  const actions = advantage.outputs;
  let work = workspace(0, trunk.outputs, actions);
  const forward = (x: Float32Array, rows: number, q: Float32Array): void => {
    if (work.v.length < rows) work = workspace(rows, trunk.outputs, actions);
    const { h, v, a } = work;
    trunk.forward(x, rows, h);
    value.forward(h, rows, v);
    advantage.forward(h, rows, a);
    for (let row = 0; row < rows; row++) {
      const at = row * actions;
      const shift = v[row]! - meanOf(a, at, actions);
      for (let k = at; k < at + actions; k++) q[k] = a[k]! + shift;
    }
  };
  return {
    readable: plainView(trunk, value, advantage, forward),
    parts: [trunk, value, advantage],
    forward,
    backward(dQ, rows) {
      const { v, a, dH, dHAdvantage } = work;
      for (let row = 0; row < rows; row++) {
        const at = row * actions;
        const mean = meanOf(dQ, at, actions);
        v[row] = mean * actions;
        for (let k = at; k < at + actions; k++) a[k] = dQ[k]! - mean;
      }
      value.backward(v, rows, dH);
      advantage.backward(a, rows, dHAdvantage);
      for (let i = 0; i < rows * trunk.outputs; i++) dH[i]! += dHAdvantage[i]!;
      trunk.backward(dH, rows);
    },
  };
}

/**
 * The same function as one plain MLP: the streams side by side in block-diagonal layers, then a linear layer that computes
 * `V + A − mean A`.
 */
function plainView(
  trunk: Network,
  value: Network,
  advantage: Network,
  forward: ReadableNetwork['forward'],
): ReadableNetwork {
  const actions = advantage.outputs;
  const streams = value.layers.map((layer, l): LayerSpec => {
    const other = advantage.layers[l]!;
    // Both streams' first layers read the same trunk.
    const inputs = l === 0 ? layer.inputs : layer.inputs + other.inputs;
    return { inputs, outputs: layer.outputs + other.outputs, activation: layer.activation };
  });
  const layers: LayerSpec[] = [
    ...trunk.layers,
    ...streams,
    { inputs: 1 + actions, outputs: actions, activation: 'linear' },
  ];
  const size = layers.reduce((sum, { inputs, outputs }) => sum + (inputs + 1) * outputs, 0);
  return {
    layers,
    inputs: trunk.inputs,
    outputs: actions,
    size,
    forward,
    readParameters(out) {
      assertLength(out, size, 'out', 'readParameters');
      out.fill(0);
      trunk.readParameters(out.subarray(0, trunk.size));
      let at = trunk.size;
      const left = parametersOf(value);
      const right = parametersOf(advantage);
      for (const [l, { inputs, outputs }] of streams.entries()) {
        const width = value.layers[l]!.outputs;
        const weight = out.subarray(at, (at += inputs * outputs));
        const bias = out.subarray(at, (at += outputs));
        place(left[l]!, outputs, 0, 0, weight, bias);
        place(right[l]!, outputs, l === 0 ? 0 : value.layers[l]!.inputs, width, weight, bias);
      }
      const aggregate = out.subarray(at, at + (1 + actions) * actions);
      for (let k = 0; k < actions; k++) {
        aggregate[k] = 1;
        for (let j = 0; j < actions; j++) aggregate[(1 + j) * actions + k] = (j === k ? 1 : 0) - 1 / actions;
      }
    },
  };
}

interface LayerParameters extends LayerSpec {
  /** [inputs×outputs] */
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

function parametersOf(network: Network): LayerParameters[] {
  const parameters = new Float32Array(network.size);
  network.readParameters(parameters);
  let at = 0;
  return network.layers.map((layer) => {
    const weight = parameters.subarray(at, (at += layer.inputs * layer.outputs));
    return { ...layer, weight, bias: parameters.subarray(at, (at += layer.outputs)) };
  });
}

/** Copies a layer into the block of a wider one that begins at (row, column). */
function place(
  layer: LayerParameters,
  width: number,
  row: number,
  column: number,
  weight: Float32Array,
  bias: Float32Array,
): void {
  const { inputs, outputs } = layer;
  for (let i = 0; i < inputs; i++)
    weight.set(layer.weight.subarray(i * outputs, (i + 1) * outputs), (row + i) * width + column);
  bias.set(layer.bias, column);
}

function workspace(rows: number, hidden: number, actions: number) {
  return {
    h: new Float32Array(rows * hidden),
    dH: new Float32Array(rows * hidden),
    dHAdvantage: new Float32Array(rows * hidden),
    v: new Float32Array(rows),
    a: new Float32Array(rows * actions),
  };
}

function meanOf(values: Float32Array, at: number, count: number): number {
  let sum = 0;
  for (let i = at; i < at + count; i++) sum += values[i]!;
  return sum / count;
}
