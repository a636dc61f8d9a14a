// Trains a small stack on one backend and on the JavaScript one, in a process of its own, since a device library reads its environment when it
// is loaded. Arguments: backend, 'software' where a software adapter will do. Prints one line of JSON.
import { rng } from '../../../core/rng.ts';
import { crossEntropy } from '../../../logits/cross-entropy.ts';
import { convStudent } from '../../../logits/distillation/conv-student.ts';
import { ConvStack } from '../../../logits/stack/conv-stack.ts';
import { distilStack } from '../../../logits/stack/distil-stack.ts';
import { stackPgd } from '../../../logits/stack/stack-attack.ts';
import { selectBackend } from '../../../nn/backend.ts';

export interface StackReport {
  readonly device: string;
  /** Largest differences from the JavaScript backend: of parameters after two steps aligned and not, and the share of inputs moved elsewhere. */
  readonly parameters: number;
  readonly moved: number;
}

const shape = { side: 8, filters: [3, 4], width: 6, classes: 5 };
const rows = 8;

async function trained(force: string, software: boolean): Promise<{ device: string; all: number[]; moved: number[] }> {
  using backend = await selectBackend({ force, allowSoftware: software });
  const { tf, device } = backend;
  const draw = rng(1).split('rows');
  const examples = [0, 1].map(() => ({
    x: Float32Array.from({ length: rows * 64 }, () => draw.normal()),
    labels: Int32Array.from({ length: rows }, (_, row) => row % shape.classes),
    teacher: Float32Array.from({ length: rows * shape.classes }, () => 3 * draw.normal()),
  }));
  const parameters = [0, 1, 0, 1].map((seed) => {
    using student = convStudent(tf, shape, rng(seed));
    const own = new Float32Array(student.size);
    student.readParameters(own);
    return own;
  });
  using stack = new ConvStack(tf, shape, parameters);
  const schedule = { batch: 8, epochs: 1, learningRate: 0.05, momentum: 0.9, weightDecay: 5e-4, decayAt: [] };
  for (const align of [false, true])
    await distilStack(
      tf,
      stack,
      examples,
      {
        trials: [0.5, 2].map((weight) => ({ beside: 'binary-kl-norm', head: 'auxiliary', weight })),
        align,
        schedule,
      },
      [rng(2), rng(3)],
    );
  const x = [0, 1, 0, 1].map((s) => examples[s]!.x);
  const labels = [0, 1, 0, 1].map((s) => examples[s]!.labels);
  const moved = await stackPgd(tf, stack, x, labels, crossEntropy, 0.1, { steps: 2, chunk: 5 });
  const flat = (arrays: readonly Float32Array[]): number[] => arrays.flatMap((own) => [...own]);
  return { device, all: flat(await stack.read()), moved: flat(moved) };
}

const [name = '', wish] = process.argv.slice(2);
try {
  const there = await trained(name, wish === 'software');
  const here = await trained('cpu', false);
  const apart = there.all.map((value, i) => Math.abs(value - here.all[i]!));
  const elsewhere = there.moved.filter((value, i) => Math.abs(value - here.moved[i]!) > 1e-5);
  const report: StackReport = {
    device: there.device,
    parameters: apart.reduce((most, value) => Math.max(most, value), 0),
    moved: elsewhere.length / there.moved.length,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ refused: error instanceof Error ? error.message : String(error) })}\n`);
}
