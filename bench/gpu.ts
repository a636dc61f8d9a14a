// A GPU (WebGPU through Dawn) beside the WASM backend and the own kernel: input gradients as an attack's inner loop asks for them, whole
// attacks, training steps of language models and of convolutional students.
//
//     npx tsx bench/gpu.ts [--out FILE.json] [--engines kernel,wasm,webgpu] [--software] [--only TEXT]
//
// Unlike in the other benchmarks the milliseconds are those of the clock: a device computes while the process waits. `cpuMs` beside them is
// what the process itself spent, which is the floor of what dispatch costs. Both ways take their turn within one run, on one machine.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import { attackEngine } from '../attacks/engine.ts';
import { asyncAttackEngine } from '../attacks/async-engine.ts';
import { attacks } from '../attacks/index.ts';
import { threatModel } from '../attacks/threat.ts';
import type { Head } from '../core/policy.ts';
import { rng } from '../core/rng.ts';
import { convStudent } from '../logits/distillation/conv-student.ts';
import { stepper } from '../logits/distillation/step.ts';
import { ConvStack } from '../logits/stack/conv-stack.ts';
import { distilStack } from '../logits/stack/distil-stack.ts';
import { selectBackend } from '../nn/backend.ts';
import type { SelectedBackend } from '../nn/backend.ts';
import { createNetwork } from '../nn/create-network.ts';
import { initialise } from '../nn/initialise.ts';
import { transformerConfig } from '../nn/language/config.ts';
import { tokenBatch } from '../nn/language/token-batch.ts';
import { LanguageTrainer } from '../nn/language/trainer.ts';
import { freshTransformer } from '../nn/language/transformer.ts';
import { mlp } from '../nn/layers.ts';
import type { Policy } from '../nn/policy.ts';
import { tensorNetwork } from '../nn/tensor-network.ts';
import { tensorVictim } from '../nn/tensor-victim.ts';
import { policyVictim } from '../nn/victim.ts';
import { cpuMs, median } from './cpu-time.ts';

export interface GpuBenchRow {
  readonly case: string;
  /** `kernel`, or the tensor backend. */
  readonly engine: string;
  /** Median milliseconds by the clock, and of the process's CPU; null: not measured, for `reason`. */
  readonly ms: number | null;
  readonly cpuMs: number | null;
  /** Programs that the device was given in one call; null where the backend keeps no count. */
  readonly programs: number | null;
  readonly reason?: string;
}

export interface GpuBenchOptions {
  /** `kernel` or tensor backends, in this order. */
  readonly engines?: readonly string[];
  /** A software adapter will do: to try the benchmark itself. */
  readonly software?: boolean;
  /** Only cases whose name has this in it. */
  readonly only?: string;
}

type Work = () => void | Promise<void>;
type Measure = (name: string, work: Work) => Promise<void>;

const usual = ['kernel', 'wasm', 'webgpu'] as const;

/** Every case on every engine. */
export async function run({ engines = usual, software = false, only = '' }: GpuBenchOptions = {}): Promise<
  GpuBenchRow[]
> {
  const rows: GpuBenchRow[] = [];
  const measure =
    (engine: string, programs: () => number | null): Measure =>
    async (name, work) => {
      if (name.includes(only)) rows.push({ case: name, engine, ...(await timed(work, programs)) });
    };
  for (const name of engines) {
    if (name === 'kernel') {
      await onKernel(measure('kernel', () => null));
      continue;
    }
    try {
      using selected = await selectBackend({ force: name, allowSoftware: software });
      await onTensors(selected, measure(name, programCount(selected)));
    } catch (error) {
      const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
      rows.push({ case: 'the rest', engine: name, ms: null, cpuMs: null, programs: null, reason });
    }
  }
  return rows;
}

const policyWidths = [31, 256, 256, 20];
const wideWidths = [31, 1024, 1024, 20];
const batches = [1, 256, 8192, 65_536];
/** Steps of a whole attack: enough to be bound by its gradients. */
const attackSteps = 10;
const features = Array.from({ length: 31 }, (_, j) => ({ name: `f${j}`, unit: '', low: 0, high: 1 }));
const head: Head = { kind: 'categorical', values: Array.from({ length: 20 }, (_, i) => -0.78125 + (1.5625 * i) / 19) };

const gradientCases = [
  { widths: policyWidths, batches },
  { widths: wideWidths, batches: [256, 8192] },
];

function gradientName(widths: readonly number[], rows: number): string {
  return `input gradient, ${widths.join('-')}, ${rows} rows`;
}

function attackName(rows: number): string {
  return `PGD, ${attackSteps} steps, ${policyWidths.join('-')}, ${rows} rows`;
}

function inputs(rows: number): Float32Array {
  const stream = rng(1);
  return Float32Array.from({ length: rows * 31 }, () => stream.uniform());
}

function policyNetwork(widths: readonly number[]): ReturnType<typeof createNetwork> {
  const network = createNetwork(mlp([...widths], 'relu'));
  initialise(network, rng(1), { kind: 'torch-linear' });
  return network;
}

/** A victim and what draws on it read head and network only; the rest of a card describes files that a bench has not. */
function policyOf(network: ReturnType<typeof createNetwork>): Policy {
  return { card: { head, observation: {} }, network } as unknown as Policy;
}

async function onKernel(measure: Measure): Promise<void> {
  for (const { widths, batches } of gradientCases) {
    using network = policyNetwork(widths);
    for (const rows of batches) {
      const x = inputs(rows);
      const out = new Float32Array(rows * 20);
      const dOut = new Float32Array(rows * 20).fill(0.1);
      const dX = new Float32Array(x.length);
      await measure(gradientName(widths, rows), () => {
        network.forward(x, rows, out);
        network.backwardInput(dOut, rows, dX);
      });
    }
  }
  using network = policyNetwork(policyWidths);
  const victim = policyVictim(policyOf(network));
  for (const rows of batches.slice(1)) {
    const attack = attacks.pgd.make({ steps: attackSteps });
    const engine = attackEngine({ attack, threat: threatModel({}, features), victim, features });
    const [x, out, rngs] = attacked(rows);
    await measure(attackName(rows), () => {
      engine.perturb(x, rows, 0, rngs, out);
    });
  }
}

function attacked(rows: number): [Float32Array, Float32Array, ReturnType<typeof rng>[]] {
  const x = inputs(rows);
  return [x, new Float32Array(x.length), Array.from({ length: rows }, (_, row) => rng(3).split(row))];
}

async function onTensors(backend: SelectedBackend, measure: Measure): Promise<void> {
  const { tf } = backend;
  for (const { widths, batches } of gradientCases) {
    using source = policyNetwork(widths);
    const parameters = new Float32Array(source.size);
    source.readParameters(parameters);
    using network = tensorNetwork(tf, source.layers, backend.maxTensorBytes);
    network.writeParameters(parameters);
    for (const rows of batches) {
      const x = inputs(rows);
      const dX = new Float32Array(x.length);
      await measure(gradientName(widths, rows), () =>
        network.gradient(x, rows, (_z, _row, _count, d) => void d.fill(0.1), dX),
      );
    }
  }
  using network = policyNetwork(policyWidths);
  using victim = tensorVictim(tf, policyOf(network), backend.maxTensorBytes);
  for (const rows of batches.slice(1)) {
    const attack = attacks.pgd.make({ steps: attackSteps });
    const engine = asyncAttackEngine({ attack, threat: threatModel({}, features), victim, features });
    const [x, out, rngs] = attacked(rows);
    await measure(attackName(rows), () => engine.perturb(x, rows, 0, rngs, out));
  }
  for (const shape of [
    { vocabulary: 128, context: 16, width: 32, layers: 2 },
    { vocabulary: 256, context: 24, width: 64, layers: 4 },
    { vocabulary: 512, context: 64, width: 256, layers: 4 },
  ])
    await languageStep(backend, shape, measure);
  for (const shape of [
    { side: 12, filters: [4, 8], width: 32, batch: 64 },
    { side: 12, filters: [16, 32], width: 96, batch: 64 },
    { side: 16, filters: [16, 32], width: 128, batch: 128 },
    { side: 16, filters: [32, 64, 128], width: 256, batch: 128 },
  ])
    await studentStep(backend, shape, measure);
  for (const shape of [
    { members: 1, filters: [8, 16, 32], width: 64 },
    { members: 20, filters: [8, 16, 32], width: 64 },
    { members: 5, filters: [32, 64, 128], width: 256 },
    { members: 50, filters: [16, 32, 64], width: 128 },
  ])
    await stackSteps(backend, shape, measure);
}

/** Twenty steps of knowledge distillation of as many nets at once, which see the same rows; the device is waited for at the end. */
async function stackSteps(
  { tf }: SelectedBackend,
  {
    members,
    filters,
    width,
  }: { readonly members: number; readonly filters: readonly number[]; readonly width: number },
  measure: Measure,
): Promise<void> {
  const [side, classes, batch, steps] = [16, 50, 128, 20];
  const draw = rng(2);
  const normals = (count: number): Float32Array => Float32Array.from({ length: count }, () => draw.normal());
  using student = convStudent(tf, { side, filters, width, classes }, rng(1));
  const own = new Float32Array(student.size);
  student.readParameters(own);
  using stack = new ConvStack(
    tf,
    { side, filters, width, classes },
    Array.from({ length: members }, () => own),
  );
  const examples = {
    x: normals(batch * steps * side * side),
    labels: Int32Array.from({ length: batch * steps }, (_, row) => row % classes),
    teacher: normals(batch * steps * classes),
  };
  const schedule = { batch, epochs: 1, learningRate: 1e-3, momentum: 0.9, weightDecay: 5e-4, decayAt: [] };
  const trials = Array.from({ length: members }, () => ({ beside: 'kd', head: 'main', weight: 1 }) as const);
  await measure(`20 steps of ${members} stacked students, 16×16, filters ${filters.join('-')}, width ${width}`, () =>
    distilStack(tf, stack, [examples], { trials, align: false, schedule }, [rng(3)]),
  );
}

/** Forward, backward and Adam on 32 sequences; the loss is read. */
async function languageStep(
  { tf }: SelectedBackend,
  shape: { readonly vocabulary: number; readonly context: number; readonly width: number; readonly layers: number },
  measure: Measure,
): Promise<void> {
  const { vocabulary, context, width, layers } = shape;
  using model = freshTransformer(tf, transformerConfig({ ...shape, heads: 4 }), rng(1));
  const draw = rng(2);
  const batch = tokenBatch(
    Array.from({ length: 32 }, () => ({ tokens: Array.from({ length: context }, () => draw.int(vocabulary)) })),
  );
  const training = { batches: () => batch, steps: 1_000_000, learningRate: 1e-4, maxGradientNorm: 1, reportEvery: 1 };
  using trainer = new LanguageTrainer(model, training);
  await measure(`language model step, V${vocabulary} T${context} d${width}, ${layers} layers, 32 sequences`, () =>
    trainer.train(trainer.step + 1),
  );
}

/** A step of knowledge distillation on random images. */
async function studentStep(
  { tf }: SelectedBackend,
  shape: {
    readonly side: number;
    readonly filters: readonly number[];
    readonly width: number;
    readonly batch: number;
  },
  measure: Measure,
): Promise<void> {
  const { side, filters, width, batch } = shape;
  const classes = 100;
  using student = convStudent(tf, { side, filters, width, classes }, rng(1));
  const step = stepper(tf, student, { gamma: 1, alpha: 1, imitation: 'kd', head: 'main' });
  const draw = rng(2);
  const normals = (count: number): Float32Array => Float32Array.from({ length: count }, () => draw.normal());
  const rows = {
    rows: batch,
    x: normals(batch * side * side),
    labels: Int32Array.from({ length: batch }, (_, row) => row % classes),
    teacher: normals(batch * classes),
  };
  await measure(
    `student step, ${side}×${side}, filters ${filters.join('-')}, width ${width}, batch ${batch}`,
    async () => {
      await step(rows, { learningRate: 1e-3, momentum: 0.9, weightDecay: 5e-4 }, false);
    },
  );
}

/** Warm for a fifth of a second, then the median of 5 to 25 calls within about a second; what takes long is called once more only. */
async function timed(
  work: Work,
  programs: () => number | null,
): Promise<Pick<GpuBenchRow, 'ms' | 'cpuMs' | 'programs'>> {
  const call = async (): Promise<{ wall: number; cpu: number; count: number | null }> => {
    const [wall, cpu, count] = [performance.now(), cpuMs(), programs()];
    const waiting = work();
    if (waiting !== undefined) await waiting;
    const given = programs();
    return {
      wall: performance.now() - wall,
      cpu: cpuMs() - cpu,
      count: count === null || given === null ? null : given - count,
    };
  };
  const start = performance.now();
  do await call();
  while (performance.now() - start < 200);
  const samples = [];
  const begun = performance.now();
  const spent = (): number => performance.now() - begun;
  do samples.push(await call());
  while (samples.length < 25 && spent() < 3000 && (samples.length < 3 || spent() < 600));
  return {
    ms: median(samples.map(({ wall }) => wall)),
    cpuMs: median(samples.map(({ cpu }) => cpu)),
    programs: samples.at(-1)!.count,
  };
}

/** Counts what a device is given, where it says so. */
function programCount({ tf }: SelectedBackend): () => number | null {
  const backend = tf.backend() as unknown as { runWebGPUProgram?: (...program: unknown[]) => unknown };
  const run = backend.runWebGPUProgram?.bind(backend);
  if (run === undefined) return () => null;
  let count = 0;
  backend.runWebGPUProgram = (...program) => {
    count++;
    return run(...program);
  };
  return () => count;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      engines: { type: 'string', default: usual.join() },
      software: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
    },
  });
  const engines = values.engines.split(',');
  const rows = await run({ ...values, engines });
  const short = (value: number | null): number | null => (value === null ? null : Number(value.toPrecision(3)));
  console.table(rows.map((row) => ({ ...row, ms: short(row.ms), cpuMs: short(row.cpuMs) })));
  const devices: Record<string, string> = {};
  for (const name of engines.filter((engine) => engine !== 'kernel')) {
    try {
      using selected = await selectBackend({ force: name, allowSoftware: values.software });
      devices[name] = selected.device;
    } catch (error) {
      devices[name] = String(error);
    }
  }
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length, devices };
  if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
}
