import { describe, expect, it } from 'vitest';
import { goalOf } from '../../core/goal.ts';
import { ShapeError } from '../../core/errors.ts';
import type { Head } from '../../core/policy.ts';
import { rng } from '../../core/rng.ts';
import type { BoundObjective } from '../../core/victim.ts';
import { mlp, parameterCount } from '../../nn/layers.ts';
import { loadPolicy, policyFiles } from '../../nn/policy.ts';
import { decodeAction, policyVictim } from '../../nn/victim.ts';
import { uniform } from './random-network.ts';

const features = Array.from({ length: 7 }, (_, i) => ({ name: `f${i}`, unit: '', low: 0, high: 1 }));
const layers = mlp([7, 24, 5], 'tanh');
const files = policyFiles(
  {
    name: 'test',
    observation: { features, normalisation: 'fixed' },
    action: { features: [features[0]!] },
    head: { kind: 'categorical', values: [-2, -1, 0, 1, 2] },
    layers,
  },
  uniform(parameterCount(layers), rng(1)),
);
const rows = 5;
const x = uniform(rows * 7, rng(2)).map((value) => (value + 1) / 2);

/** `Σ wₖ·logitₖ` with w = (0, 3, 0, −1, 0); writes only the logits it names. */
const linear: BoundObjective = {
  objective: {
    name: 'linear',
    check: () => undefined,
    evaluate(_head, logits, _goal, count, value, gradient) {
      for (let row = 0; row < count; row++) {
        value[row] = 3 * logits[row * 5 + 1]! - logits[row * 5 + 3]!;
        gradient[row * 5 + 1] = 3;
        gradient[row * 5 + 3] = -1;
      }
    },
  },
  goal: goalOf({ observationSize: 0, logitsSize: 5, head: { kind: 'categorical', values: [] } }, rows),
};

function decode(head: Head, logits: readonly number[], rowCount = 1): number[] {
  const action = new Float64Array(rowCount * (head.kind === 'categorical' ? 1 : head.low.length));
  decodeAction(head, Float32Array.from(logits), rowCount, action);
  return [...action];
}

describe('decodeAction', () => {
  it('takes the value of the first largest logit', () => {
    const head: Head = { kind: 'categorical', values: [-0.5, 0.1, 0.7] };
    expect(decode(head, [1, 3, 2, 4, 4, 0], 2)).toEqual([0.1, -0.5]);
  });

  it('squashes a mean with tanh in float64 and ignores the standard deviation', () => {
    const head: Head = { kind: 'squashed-gaussian', low: [-0.78125, 0], high: [0.78125, 4] };
    const [a, b] = [Math.fround(0.3), Math.fround(-1.7)];
    expect(decode(head, [a, b, 9, -9])).toEqual([
      -0.78125 + ((Math.tanh(a) + 1) / 2) * 1.5625,
      0 + ((Math.tanh(b) + 1) / 2) * 4,
    ]);
  });

  it('clips a Gaussian mean on the unit scale, with or without standard deviations', () => {
    const head: Head = { kind: 'gaussian', low: [-2], high: [2] };
    expect(decode(head, [0.75, -3])).toEqual([1]);
    expect(decode(head, [0.75, 1.5, -0.5], 3)).toEqual([1, 2, -2]);
  });

  it('clips a deterministic output in physical units', () => {
    expect(decode({ kind: 'deterministic', low: [-1, -1], high: [1, 3] }, [-4, 2])).toEqual([-1, 2]);
  });

  it('refuses logits that the head does not read', () => {
    expect(() => decode({ kind: 'categorical', values: [0, 1] }, [1, 2, 3])).toThrow(ShapeError);
    expect(() => decode({ kind: 'deterministic', low: [0], high: [1] }, [1], 2)).toThrow(ShapeError);
  });
});

describe.each(['wasm', 'reference'] as const)('a policy victim on the %s network', (kind) => {
  it('decides what its logits say', () => {
    using policy = loadPolicy(files.card, files.weights, 'm', kind);
    const victim = policyVictim(policy);
    const logits = new Float32Array(rows * 5);
    const action = new Float64Array(rows);
    victim.logits(x, rows, logits);
    victim.decide(x, rows, action);
    for (let row = 0; row < rows; row++) {
      const own = [...logits.subarray(row * 5, row * 5 + 5)];
      expect(action[row]).toBe([-2, -1, 0, 1, 2][own.indexOf(Math.max(...own))]);
    }
    expect([victim.observationSize, victim.actionSize, victim.logitsSize]).toEqual([7, 1, 5]);
  });

  it('gives the value and the input gradient of an objective, whatever was asked before', () => {
    using policy = loadPolicy(files.card, files.weights, 'm', kind);
    const victim = policyVictim(policy);
    const value = new Float32Array(rows);
    const gradient = new Float32Array(rows * 7);
    victim.decide(x.subarray(0, 14), 2, new Float64Array(2));
    victim.valueAndGradient(linear, x, rows, value, gradient);
    const h = 1e-2;
    const at = (index: number, step: number): number => {
      const moved = x.slice();
      moved[index]! += step;
      const logits = new Float32Array(rows * 5);
      victim.logits(moved, rows, logits);
      const row = Math.floor(index / 7);
      return 3 * logits[row * 5 + 1]! - logits[row * 5 + 3]!;
    };
    for (const index of x.keys())
      expect(gradient[index]).toBeCloseTo(
        (8 * (at(index, h) - at(index, -h)) - (at(index, 2 * h) - at(index, -2 * h))) / (12 * h),
        2,
      );
    expect(value[0]).toBe(Math.fround(at(0, 0)));

    // One row alone, after another objective has used the scratch, has the same bits.
    const other: BoundObjective = {
      ...linear,
      objective: {
        ...linear.objective,
        evaluate: (_head, _logits, _goal, _rows, _value, dLogits) => {
          dLogits.fill(1);
        },
      },
    };
    const alone = new Float32Array(7);
    victim.valueAndGradient(other, x, rows, value, new Float32Array(rows * 7));
    victim.valueAndGradient(linear, x.subarray(14, 21), 1, value, alone);
    if (kind === 'wasm') expect(alone).toEqual(gradient.subarray(14, 21));
    else expect([...alone].map(Math.fround)).toEqual([...gradient.subarray(14, 21)]);
  });
});
