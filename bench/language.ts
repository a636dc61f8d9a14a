// A training step of small language models (forward, backward, Adam) and a token of generation, on every tensor backend that is to be
// had here.
//
// Floor: a step is 6 FLOP a weight and token, that is 0.09 and 1.0 GFLOP for the two models, beside attention. XNNPACK in WASM does some
// 15 to 20 GFLOP/s on these shapes: 5 and 60 ms. A kernel of our own could not take more than the rest away.
//
// Each figure is the median of CPU milliseconds.
import { rng } from '../core/rng.ts';
import { selectBackend } from '../nn/backend.ts';
import type { BackendName } from '../nn/backend.ts';
import { transformerConfig } from '../nn/language/config.ts';
import { LanguageTrainer } from '../nn/language/trainer.ts';
import { tokenBatch } from '../nn/language/token-batch.ts';
import { freshTransformer, withAdapters } from '../nn/language/transformer.ts';
import { cpuMs, median } from './cpu-time.ts';

export interface LanguageBenchRow {
  readonly model: string;
  readonly backend: string;
  readonly weights: number;
  /** Of a batch of 32; null: not measured, for `reason`. */
  readonly forwardMs: number | null;
  readonly stepMs: number | null;
  /** The same with adapters of rank 16 on half of the layers: the assistant of ULD. */
  readonly assistantStepMs: number | null;
  /** One token of 32 sequences with the cache. */
  readonly tokenMs: number | null;
  readonly reason?: string;
}

const models = [
  { vocabulary: 128, context: 16, width: 32, layers: 2 },
  { vocabulary: 256, context: 24, width: 64, layers: 4 },
] as const;
const backends: readonly BackendName[] = ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm'];
const rows = 32;

/** Both models on every backend; one that is not to be had says why. */
export async function run(): Promise<LanguageBenchRow[]> {
  const out: LanguageBenchRow[] = [];
  for (const name of backends) {
    try {
      out.push(...(await onBackend(name)));
    } catch (error) {
      const reason = `not measured: ${(error instanceof Error ? error.message : String(error)).split('\n')[0]!}`;
      const nothing = { forwardMs: null, stepMs: null, assistantStepMs: null, tokenMs: null };
      out.push({ model: 'all', backend: name, weights: 0, ...nothing, reason });
    }
  }
  return out;
}

async function onBackend(name: BackendName): Promise<LanguageBenchRow[]> {
  using backend = await selectBackend({ force: name });
  const out: LanguageBenchRow[] = [];
  for (const shape of models) out.push(await measure(backend.tf, name, shape));
  return out;
}

async function measure(
  tf: Awaited<ReturnType<typeof selectBackend>>['tf'],
  backend: string,
  shape: (typeof models)[number],
): Promise<LanguageBenchRow> {
  using model = freshTransformer(tf, transformerConfig({ ...shape, heads: 4 }), rng(1));
  const draw = rng(2);
  const { vocabulary, context, width, layers } = shape;
  const sequences = Array.from({ length: rows }, () => Array.from({ length: context }, () => draw.int(vocabulary)));
  const batch = tokenBatch(sequences.map((tokens) => ({ tokens })));
  const training = { batches: () => batch, steps: 1_000_000, learningRate: 1e-4, maxGradientNorm: 1, reportEvery: 1 };
  const stepOf = async (one: typeof model): Promise<number> => {
    using trainer = new LanguageTrainer(one, training);
    return await times(() => trainer.train(trainer.step + 1));
  };
  const forwardMs = await times(async () => {
    const logits = model.logits(batch);
    await logits.data();
    logits.dispose();
  });
  const stepMs = await stepOf(model);
  using assistant = withAdapters(model, { rank: 16, alpha: 32 }, rng(3), layers / 2);
  const assistantStepMs = await stepOf(assistant);
  using decoding = await model.decode(sequences.map((tokens) => tokens.slice(0, 4)));
  const tokenMs = await times(() => decoding.advance(Array<number>(rows).fill(1)), 3, context - 8);
  const name = `V${vocabulary} T${context} d${width} ${layers} layers`;
  return { model: name, backend, weights: model.base.size, forwardMs, stepMs, assistantStepMs, tokenMs };
}

/** Median over calls, after a warm-up. */
async function times(call: () => Promise<void>, warmUp = 10, count = 25): Promise<number> {
  for (let i = 0; i < warmUp; i++) await call();
  const samples: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = cpuMs();
    await call();
    samples.push(cpuMs() - start);
  }
  return median(samples);
}
