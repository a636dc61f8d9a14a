import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rng } from '../../../core/rng.ts';
import { selectBackend } from '../../../nn/backend.ts';
import type { SelectedBackend } from '../../../nn/backend.ts';
import { expectNoLeakedTensors } from '../../support/leak.ts';
import { cases } from './cases.ts';
import { compare, tensor } from './harness.ts';

/** Of float32, relative above 1. */
const tolerance = { forward: 1e-5, gradient: 1e-4 };

describe.each(['cpu', 'wasm'])('on %s', (force) => {
  let backend: SelectedBackend;
  beforeAll(async () => {
    backend = await selectBackend({ force });
  });
  afterAll(() => backend[Symbol.dispose]());

  describe.each(cases.map((one) => [one.name, one] as const))('%s', (_name, one) => {
    it('has the values of the float64 reference and the gradient of its central differences', async () => {
      await fc.assert(
        fc.asyncProperty(one.shapes, async (shape) => {
          const { forward, gradient } = await compare(backend.tf, one, shape);
          expect(forward).toBeLessThan(tolerance.forward);
          expect(gradient).toBeLessThan(tolerance.gradient);
        }),
        { numRuns: 5 },
      );
    });

    it('leaves no tensor behind, forwards and backwards', async () => {
      const { tf } = backend;
      const { inputs, compute } = one.draw(fc.sample(one.shapes, { numRuns: 1, seed: 1 })[0]!, rng(1));
      const tensors = inputs.map((values) => tensor(tf, values));
      // What a case makes beside the function itself (labels, masks) is the tidy's to free.
      await expectNoLeakedTensors(() => tf.tidy(() => compute(tf, ...tensors)));
      await expectNoLeakedTensors(() => tf.tidy(() => tf.grads((...at) => compute(tf, ...at).sum())(tensors)));
      tf.dispose(tensors);
    });
  });
});
