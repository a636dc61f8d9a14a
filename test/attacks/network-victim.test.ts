import { afterAll, describe, expect, it } from 'vitest';
import { attackEngine } from '../../attacks/engine.ts';
import { attacks } from '../../attacks/index.ts';
import { rng } from '../../core/rng.ts';
import { mlp, parameterCount } from '../../nn/layers.ts';
import { loadPolicy, policyFiles } from '../../nn/policy.ts';
import { policyVictim } from '../../nn/victim.ts';
import { heads, randomNetwork, referenceVictim } from '../support/reference-victim.ts';
import { plainFeatures, threatOf } from '../support/threat.ts';

/** The production victim (WASM kernel, float32) beside the plain one (loops, float64) with the same weights. */
const size = 10;
const network = randomNetwork(rng(4), [size, 24, 24, 20]);
const features = plainFeatures(size);
const layers = mlp([size, 24, 24, 20], 'tanh');
const parameters = Float32Array.from(
  network.weights.flatMap((weight, layer) => [...weight.flat(), ...network.biases[layer]!]),
);
const files = policyFiles(
  {
    name: 'random',
    observation: { features, normalisation: 'fixed' },
    action: { features: [{ name: 'battery', unit: '', low: -0.78125, high: 0.78125 }] },
    head: heads.categorical,
    layers,
  },
  parameters,
);
const policy = loadPolicy(files.card, files.weights, 'test');
const fast = policyVictim(policy);
const plain = referenceVictim(network, heads.categorical);
afterAll(() => policy[Symbol.dispose]());

const rows = 6;
const stream = rng(5);
const x = Float32Array.from({ length: rows * size }, () => stream.uniform());
const threat = threatOf(Array.from({ length: size }, (_, j) => (j < 2 ? 0 : 0.1)));

function perturbed(victim: typeof fast, config: object, from = 0, to = rows): Float32Array {
  const engine = attackEngine({ attack: attacks.bifurcation.make(config), threat, victim, features });
  const out = new Float32Array((to - from) * size);
  const rngs = Array.from({ length: to - from }, (_, row) => rng(6).split(from + row));
  engine.perturb(x.subarray(from * size, to * size), to - from, 0, rngs, out);
  return out;
}

describe('bifurcation on a network of the program', () => {
  it('has as many parameters as the reference', () => {
    expect(parameters.length).toBe(parameterCount(layers));
  });

  it('finds what it finds on the plain victim', () => {
    // One step, so that a sign decided by the last bit cannot send the two along different paths.
    const one = { steps: 1, schedule: 'constant', stepSize: 0.01, keep: 'last' };
    const difference = perturbed(fast, one).map((v, i) => v - perturbed(plain, one)[i]!);
    expect(Math.max(...difference.map(Math.abs))).toBeLessThan(1e-6);
  });

  it('does not see how lanes are batched', () => {
    const together = perturbed(fast, { steps: 30, restarts: 2 });
    for (let row = 0; row < rows; row++) {
      expect(perturbed(fast, { steps: 30, restarts: 2 }, row, row + 1)).toEqual(
        together.slice(row * size, (row + 1) * size),
      );
    }
  });
});
