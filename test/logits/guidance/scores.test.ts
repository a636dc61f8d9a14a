import type { Tensor } from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { steerScores } from '../../../logits/guidance/scores.ts';
import { publishedSetting, unsteered } from '../../../logits/guidance/setting.ts';
import type { SteerSetting } from '../../../logits/guidance/setting.ts';
import { logSoftmax } from '../../../logits/tensor/log-softmax.ts';
import { centralDifference } from '../../support/central-difference.ts';
import { expectNoLeakedTensors } from '../../support/leak.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';

/** Log-probabilities in float64. */
function logP(z: readonly number[]): number[] {
  const max = Math.max(...z);
  const total = max + Math.log(z.reduce((sum, value) => sum + Math.exp(value - max), 0));
  return z.map((value) => value - total);
}

/** The formula as it is written, in float64. */
function reference(
  f: readonly number[],
  b: readonly number[],
  n: readonly number[],
  { gamma, eta, rho }: SteerSetting,
): number[] {
  const [lf, lb, ln] = [logP(f), logP(b), logP(n)];
  const best = Math.max(...lf);
  return lf.map((value, k) =>
    value < best + Math.log(rho) ? -Infinity : (1 + gamma) * value - gamma * lb[k]! - eta * ln[k]!,
  );
}

const settings: SteerSetting[] = [
  publishedSetting,
  { gamma: 1.5, eta: 0, rho: 0 },
  { gamma: 0, eta: 0.6, rho: 0 },
  { gamma: 1.5, eta: 0.3, rho: 0.05 },
  { gamma: 2, eta: 1, rho: 0.5 },
];

describe.each(['cpu', 'wasm'])('the scores of STEER, on %s', (force) => {
  let tf: Tf;
  onBackend(force, (opened) => {
    tf = opened;
  });
  const rows = (seed: number, scale = 2): number[][] => {
    const random = rng(seed);
    return Array.from({ length: 4 }, () => Array.from({ length: 6 }, () => scale * random.normal()));
  };
  const scores = (f: number[][], b: number[][], n: number[][], setting: SteerSetting): number[][] => {
    const out = tf.tidy(() =>
      steerScores(tf, { expert: tf.tensor2d(f), base: tf.tensor2d(b), negative: tf.tensor2d(n) }, setting),
    );
    const values = out.arraySync() as number[][];
    out.dispose();
    return values;
  };

  it('are the golden values of the specification', () => {
    const [s] = scores([[2, 1, 0]], [[0, 1, 2]], [[1, 1, 0]], publishedSetting);
    [0.509591, -0.890409, -1.690409].forEach((value, k) => expect(s![k]).toBeCloseTo(value, 5));
    const p = tf.tidy(() => logSoftmax(tf, tf.tensor1d(s!)).exp());
    [0.736702, 0.181669, 0.081629].forEach((value, k) => expect(p.dataSync()[k]).toBeCloseTo(value, 5));
    p.dispose();
  });

  it.each(settings)('are the formula in float64: γ $gamma, η $eta, ρ $rho', (setting) => {
    const [f, b, n] = [rows(1), rows(2), rows(3)];
    scores(f, b, n, setting).forEach((row, i) =>
      reference(f[i]!, b[i]!, n[i]!, setting).forEach((wanted, k) =>
        wanted === -Infinity ? expect(row[k]).toBe(-Infinity) : expect(row[k]).toBeCloseTo(wanted, 4),
      ),
    );
  });

  it.each([0.2, 1.5])('have the gradients of the formula, γ %s', (gamma) => {
    const setting = { gamma, eta: 0.6, rho: 0 };
    const [f, b, n] = [rows(1)[0]!, rows(2)[0]!, rows(3)[0]!];
    const weights = rows(4)[0]!;
    const value = (parts: readonly number[][]): number =>
      reference(parts[0]!, parts[1]!, parts[2]!, setting).reduce((sum, s, k) => sum + s * weights[k]!, 0);
    const slopes = tf.tidy(() =>
      tf
        .grads((expert: Tensor, base: Tensor, negative: Tensor) =>
          steerScores(tf, { expert, base, negative }, setting).mul(tf.tensor1d(weights)).sum(),
        )([tf.tensor1d(f), tf.tensor1d(b), tf.tensor1d(n)])
        .map((slope) => [...slope.dataSync()]),
    );
    const parts = [f, b, n].map((part) => Float64Array.from(part));
    const read = (): number => value(parts.map((part) => [...part]));
    parts.forEach((part, which) => {
      for (let k = 0; k < part.length; k++)
        expect(slopes[which]![k]).toBeCloseTo(centralDifference(part, k, 1e-5, read), 3);
    });
  });

  it('are the logits themselves at γ = η = 0, bit by bit, whatever the others say', () => {
    const f = rows(1);
    const nonsense = f.map((row) => row.map(() => Number.NaN));
    expect(scores(f, nonsense, nonsense, unsteered)).toEqual(f.map((row) => row.map(Math.fround)));
  });

  it('do not depend on the order of the alternatives, nor on a constant of a row', () => {
    const [f, b, n] = [rows(1), rows(2), rows(3)];
    const order = [3, 0, 5, 1, 4, 2];
    const turned = (z: number[][]): number[][] => z.map((row) => order.map((k) => row[k]!));
    for (const setting of settings) {
      const wanted = turned(scores(f, b, n, setting));
      const moved = (z: number[][]): number[][] => turned(z).map((row, i) => row.map((value) => value + 3 * i));
      scores(moved(f), moved(b), moved(n), setting).forEach((row, i) =>
        row.forEach((value, k) =>
          wanted[i]![k] === -Infinity ? expect(value).toBe(-Infinity) : expect(value).toBeCloseTo(wanted[i]![k]!, 4),
        ),
      );
    }
  });

  it('are numbers at logits of 1e4, and −∞ where the expert has −∞', () => {
    const f = [[1e4, -1e4, 0, 5]];
    const b = [[-1e4, 1e4, 0, 5]];
    for (const setting of settings)
      for (const value of scores(f, b, b, setting)[0]!) expect(Number.isNaN(value) || value === Infinity).toBe(false);
    const impossible = scores([[0, -Infinity, 1]], [[0, -Infinity, -Infinity]], [[-Infinity, 0, 1]], publishedSetting);
    expect(impossible[0]![1]).toBe(-Infinity);
    expect([impossible[0]![0], impossible[0]![2]].every(Number.isFinite)).toBe(true);
  });

  it('leave no tensor behind, and refuse what is out of range', async () => {
    const z = tf.tensor2d(rows(1));
    await expectNoLeakedTensors(() => steerScores(tf, { expert: z, base: z, negative: z }, settings[3]!));
    for (const wrong of [{ gamma: -1 }, { eta: Number.NaN }, { rho: 1.1 }])
      expect(() => steerScores(tf, { expert: z }, { ...unsteered, ...wrong })).toThrow(ConfigError);
    z.dispose();
  });
});
