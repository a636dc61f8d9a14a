import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { rng } from '../../../core/rng.ts';
import { crossEntropy } from '../../../logits/cross-entropy.ts';
import { convStudent } from '../../../logits/distillation/conv-student.ts';
import { margin } from '../../../logits/margin.ts';
import { pgd } from '../../../logits/scaling-law/sign-attack.ts';
import { tensorResponse } from '../../../logits/scaling-law/tensor-response.ts';
import { ConvStack } from '../../../logits/stack/conv-stack.ts';
import { stackPgd } from '../../../logits/stack/stack-attack.ts';
import { onBackend } from '../../support/on-backend.ts';
import type { Tf } from '../../support/on-backend.ts';

const shape = { side: 8, filters: [3, 4], width: 6, classes: 5 };
const rows = 12;

let tf: Tf;
onBackend('wasm', (taken) => (tf = taken));

it.for([
  ['cross-entropy', crossEntropy, 0.25, 4],
  ['margin', margin, 0.25, 4],
  ['one step', crossEntropy, 1, 1],
] as const)('an attack by %s on a stack is that on each net alone', async ([, loss, stepSize, steps]) => {
  const draw = rng(7);
  const students = [0, 1, 2].map((g) => convStudent(tf, shape, rng(g)));
  const parameters = students.map((student) => {
    const own = new Float32Array(student.size);
    student.readParameters(own);
    return own;
  });
  using stack = new ConvStack(tf, shape, parameters);
  const x = students.map(() => Float32Array.from({ length: rows * 64 }, () => draw.normal()));
  const labels = students.map(() => Int32Array.from({ length: rows }, () => draw.int(shape.classes)));
  const before = tf.memory().numTensors;
  const together = await stackPgd(tf, stack, x, labels, loss, 0.1, { steps, stepSize, chunk: 5 });
  expect(tf.memory().numTensors).toBe(before);
  for (const [g, student] of students.entries()) {
    const model = { k: shape.classes, logits: (input: Tensor) => student.logits(tf, input as Tensor2D) };
    const single = await pgd(tensorResponse(tf, model, [64]), x[g]!, labels[g]!, loss, 0.1, { steps, stepSize });
    // A gradient that is 0 but for rounding may have either sign.
    const apart = single.filter((value, i) => Math.abs(value - together[g]![i]!) > 1e-6);
    expect(apart.length / single.length).toBeLessThan(0.005);
    student[Symbol.dispose]();
  }
});
