import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, ShapeError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { featureHead, logitBias, randomHead } from '../../../logits/few-shot/auxiliary-head.ts';
import { biasWeight, fuse } from '../../../logits/few-shot/fusion.ts';
import type { Fusion } from '../../../logits/few-shot/fusion.ts';
import { multiBranchLoss } from '../../../logits/few-shot/multi-branch-loss.ts';
import { unitRows } from '../../../logits/few-shot/unit-rows.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';
import { expectNoLeakedTensors } from '../../support/leak.ts';
import { anyShape, batches, compare, count, labels, logits, rows, scalars } from '../tensor/harness.ts';
import type { Case } from '../tensor/harness.ts';
import { crossEntropy, kurtosis, mean, softmax, standardize, sum } from '../tensor/reference.ts';

const tolerance = 2e-4;
const fusion: Fusion = { alpha: 2, uncertainty: 'kurtosis', power: 0.4 };

const unit: Case = {
  name: 'unitRows',
  shapes: anyShape,
  draw: (shape, random) => ({
    inputs: [logits(random, shape)],
    compute: unitRows,
    reference: (x) => rows(x).flatMap((row) => row.map((v) => v / Math.sqrt(sum(row.map((w) => w * w))))),
  }),
};

/** Of z and b both; a λ for each set of rows. */
const branches: Case = {
  name: 'multiBranchLoss',
  shapes: anyShape,
  draw(shape, random) {
    const { lead, k } = shape;
    const sets = { ...shape, lead: [2, ...lead.slice(0, 1), 3] };
    const outer = sets.lead.slice(0, -1);
    const y = labels(random, sets.lead, k);
    const lambda = Float32Array.from({ length: count(outer) }, () => random.uniform());
    return {
      inputs: [logits(random, sets), logits(random, sets)],
      compute: (tf, z, b) => multiBranchLoss(tf, z!, b!, tf.tensor(y, sets.lead), tf.tensor(lambda, outer)),
      reference: (z, b) => {
        const own = [rows(z!), rows(b!)].map((of) => of.map((row, i) => crossEntropy(row, y[i]!)));
        return Array.from(lambda, (l, set) => {
          const [fused, alone] = own.map((losses) => mean(losses.slice(3 * set, 3 * set + 3)));
          return l * fused! + (1 - l) * alone!;
        });
      },
    };
  },
};

/** By the bias; z₀ is frozen. κ₀ a quarter of the largest κ of K numbers, written out. */
const fused: Case = {
  name: 'fuse',
  shapes: anyShape,
  draw(shape, random) {
    const z0 = logits(random, shape);
    const k0 = ((shape.k - 1) ** 4 + (shape.k - 1)) / shape.k ** 3 / 4;
    return {
      inputs: [logits(random, shape)],
      compute: (tf, b) => fuse(tf, tf.tensor(Float32Array.from(z0.data), [...z0.shape]), b, fusion),
      reference: (b) =>
        rows(b).flatMap((bias, i) => {
          const own = rows(z0)[i]!;
          const kappa = Math.max(kurtosis(softmax(own), 1), ((shape.k - 1) / shape.k) ** 2);
          return bias.map((v, c) => own[c]! + 2 * (kappa / k0) ** -0.4 * v);
        }),
    };
  },
};

/** By the head. */
const bias: Case = {
  name: 'logitBias',
  shapes: batches,
  draw(shape, random) {
    const width = 5;
    const f1 = scalars(random, [shape.lead[0]!, width], 1);
    return {
      inputs: [logits(random, { ...shape, lead: [width] })],
      compute: (tf, w1) => logitBias(tf, tf.tensor(Float32Array.from(f1.data), [...f1.shape]), w1),
      reference: (w1) => {
        const w = rows(w1);
        return rows(f1).flatMap((f) =>
          standardize(
            w[0]!.map((_, c) => sum(f.map((v, d) => v * w[d]![c]!))),
            1,
          ),
        );
      },
    };
  },
};

describe.each(['cpu', 'wasm'])('the functions of AMU-Tuning, on %s', (force) => {
  let tf: Tf;
  onBackend(force, (opened) => {
    tf = opened;
  });

  it.each([unit, branches, fused, bias])('$name: values and gradients against float64', async (one) => {
    await fc.assert(
      fc.asyncProperty(one.shapes, async (shape) => {
        const { forward, gradient } = await compare(tf, one, shape);
        expect(forward).toBeLessThan(tolerance);
        expect(gradient).toBeLessThan(5 * tolerance);
      }),
      { numRuns: 8, seed: 6 },
    );
  });

  it('starts from the mean feature of each class, 0 where there is no shot', async () => {
    const f1 = tf.tensor2d([
      [1, 0],
      [0, 1],
      [0.6, 0.8],
    ]);
    const y = tf.tensor1d([2, 0, 2], 'int32');
    const head = featureHead(tf, f1, y, 4);
    const wanted = [0, 0, 0.8, 0, 1, 0, 0.4, 0];
    (await head.data()).forEach((v, i) => expect(v).toBeCloseTo(wanted[i]!, 6));
    tf.dispose([f1, y, head]);
  });

  it('leaves a row of zeros without a direction, value or gradient that is not a number', async () => {
    const x = tf.tensor2d([[0, 0, 0]]);
    const slope = tf.grad((at: Tensor) => unitRows(tf, at).sum())(x);
    const value = unitRows(tf, x);
    expect([...(await value.data())]).toEqual([0, 0, 0]);
    expect([...(await slope.data())].every(Number.isFinite)).toBe(true);
    tf.dispose([x, slope, value]);
  });

  it('weighs the bias less where the zero-shot logits are sure, and passes them no gradient', async () => {
    const z0 = tf.tensor2d([
      [9, 0, 0, 0, 0, 0],
      [0.3, 0.2, 0.1, 0, 0, 0],
    ]);
    const u = biasWeight(tf, z0, fusion);
    const [sure, unsure] = [...(await u.data())];
    expect(sure! / unsure!).toBeLessThan(0.9);
    const slope = tf.grad((z: Tensor) => biasWeight(tf, z, fusion).sum())(z0);
    expect([...(await slope.data())].every((v) => v === 0)).toBe(true);
    tf.dispose([z0, u, slope]);
  });

  it('is the identity at α = 0, bit by bit', async () => {
    const [z0, b] = [tf.tensor2d([[0.1, -3.7, 1e4]]), tf.tensor2d([[1, 2, 3]])];
    const z = fuse(tf, z0, b, { ...fusion, alpha: 0 });
    expect([...(await z.data())]).toEqual([...(await z0.data())]);
    tf.dispose([z0, b, z]);
  });

  it('stays finite at logits of 1e4', async () => {
    const z0 = tf.tensor2d([
      [1e4, -1e4, 0],
      [0, 0, 0],
    ]);
    const b = logitBias(tf, tf.tensor2d([[1e4], [0]]), tf.tensor2d([[1, 2, 3]]));
    const z = fuse(tf, z0, b, fusion);
    expect([...(await z.data())].every(Number.isFinite)).toBe(true);
    tf.dispose([z0, b, z]);
  });

  it('renames classes with their names', async () => {
    const order = [3, 0, 2, 1];
    const y = [0, 1, 2, 3, 1, 0];
    const random = rng(4);
    const [f1, z0] = tf.tidy(() => [
      unitRows(
        tf,
        tf.tensor2d(
          Float32Array.from({ length: 30 }, () => random.normal()),
          [6, 5],
        ),
      ) as Tensor2D,
      tf.tensor2d(
        Float32Array.from({ length: 24 }, () => random.normal()),
        [6, 4],
      ),
    ]) as [Tensor2D, Tensor2D];
    const logitsOf = (z: Tensor2D, of: readonly number[]): Tensor =>
      tf.tidy(() => fuse(tf, z, logitBias(tf, f1, featureHead(tf, f1, tf.tensor1d([...of], 'int32'), 4)), fusion));
    const plain = logitsOf(z0, y);
    const inverse = order.map((_, c) => order.indexOf(c));
    const renamed = logitsOf(
      z0.gather(order, 1),
      y.map((c) => inverse[c]!),
    );
    const [a, b] = [await plain.gather(order, 1).data(), await renamed.data()];
    a.forEach((v, i) => expect(b[i]).toBeCloseTo(v, 4));
    tf.disposeVariables();
  });

  it('refuses what does not fit', () => {
    const f1 = tf.zeros([2, 3]) as Tensor2D;
    expect(() => featureHead(tf, f1, tf.zeros([3], 'int32') as Tensor1D, 2)).toThrow(ShapeError);
    expect(() => logitBias(tf, f1, tf.zeros([4, 2]))).toThrow(ShapeError);
    expect(() => biasWeight(tf, f1, { ...fusion, power: Number.NaN })).toThrow(ConfigError);
  });

  it('draws random heads within ±1/√D, the same from the same stream', async () => {
    const [a, b] = [randomHead(tf, 16, 3, rng(1)), randomHead(tf, 16, 3, rng(1))];
    const values = [...(await a.data())];
    expect(values).toEqual([...(await b.data())]);
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(0.25);
    expect(new Set(values).size).toBe(48);
    tf.dispose([a, b]);
  });

  it('leaves no tensor behind', async () => {
    const [z0, b] = [tf.randomNormal([2, 4]), tf.randomNormal([2, 4])];
    const y = tf.tensor1d([0, 3], 'int32');
    await expectNoLeakedTensors(() => fuse(tf, z0, b, fusion));
    await expectNoLeakedTensors(() => multiBranchLoss(tf, z0, b, y, 0.35));
    await expectNoLeakedTensors(() => featureHead(tf, b as Tensor2D, y, 4));
    tf.dispose([z0, b, y]);
  });
});
