// On-policy learners on the built-in district: environment steps a CPU second with every update included.
//
// The floor. A step costs the networks one forward pass each, and `n_epochs` forward and backward passes: with actor and critic
// 31-256-256 and 20 bins, 2·(31·256 + 256·256 + 256·20) = 157 kFLOP forwards for the actor and 147 for the critic, and a pass of an
// epoch costs 2.9 times that (the gradient of the observation is not needed), so 9 MFLOP a step at 10 epochs. `kernel` is the rate at
// which the network kernel alone does this arithmetic in this process, on fixed rows: what is lost to it is the simulator, the gathering
// of rows, the losses and the statistics.
import { pathToFileURL } from 'node:url';
import type { LearnerName } from '../agents/index.ts';
import { rng } from '../core/rng.ts';
import { scenarioFrom } from '../core/scenario.ts';
import type { Scenario } from '../core/scenario.ts';
import type { TrainingRun } from '../evaluation/train.ts';
import { openTraining } from '../evaluation/train.ts';
import { schema } from '../evaluation/vocabulary.ts';
import { createNetwork } from '../nn/create-network.ts';
import { initialise } from '../nn/initialise.ts';
import { mlp } from '../nn/layers.ts';
import { fileWorkspace } from '../server/workspace.ts';
import { cpuMs, median } from './cpu-time.ts';

export interface LearnerBenchRow {
  readonly case: string;
  /** Environment steps a CPU second, updates included. */
  readonly stepsPerSecond: number;
  /** Arithmetic of the networks. */
  readonly mflopPerStep: number;
  readonly gflops: number;
  /** Steps a CPU second if the networks' arithmetic were all. */
  readonly kernel: number;
  /** stepsPerSecond / kernel */
  readonly ofKernel: number;
}

interface Case {
  readonly name: string;
  readonly algorithm: LearnerName;
  readonly lanes: number;
  readonly hidden: readonly number[];
  readonly batch: number;
  readonly epochs: number;
  readonly config: object;
}

const paper = { hidden: [256, 256], epochs: 10, lanes: 8, algorithm: 'ppo' } as const;
const cases: readonly Case[] = [
  { ...paper, name: 'ppo 31-256-256-20, 8 lanes, batch 256', batch: 256, config: { bins: 20, n_steps: 256 } },
  { ...paper, name: 'ppo 31-256-256-20, 8 lanes, batch 64', batch: 64, config: { bins: 20, n_steps: 256 } },
  { ...paper, name: 'ppo 31-256-256-20, 1 lane, batch 64', batch: 64, lanes: 1, config: { bins: 20 } },
  { ...paper, name: 'ppo, Gaussian, 8 lanes, batch 256', batch: 256, config: { bins: null, n_steps: 256 } },
  { ...paper, name: 'ppo, gSDE, 8 lanes, batch 256', batch: 256, config: { bins: null, n_steps: 256, use_sde: true } },
  {
    ...paper,
    name: 'ppo, SB3 defaults (31-64-64, 1 lane, batch 64)',
    batch: 64,
    hidden: [64, 64],
    lanes: 1,
    config: { bins: null },
  },
  {
    name: 'a2c 31-256-256-20, 16 lanes of 16 steps',
    algorithm: 'a2c',
    lanes: 16,
    hidden: [256, 256],
    batch: 256,
    epochs: 1,
    config: { bins: 20, n_steps: 16 },
  },
];

const inputs = 31;

export async function run(): Promise<LearnerBenchRow[]> {
  const rows: LearnerBenchRow[] = [];
  for (const each of cases) {
    const { name, hidden, epochs } = each;
    const forward = multiplyAdds([inputs, ...hidden, 20]) + multiplyAdds([inputs, ...hidden, 1]);
    const mflopPerStep = (2 * (forward * (1 + 3 * epochs) - 2 * epochs * inputs * hidden[0]!)) / 1e6;
    using opened = await openTraining(scenarioOf(each), fileWorkspace({ roots: null, modelsDir: 'models' }));
    const learner = trainingStretch(opened.training);
    using networks = kernelStretch(each);
    // In turns, so that the machine's neighbours disturb both alike; the first turn only warms up.
    const turns = Array.from({ length: 6 }, () => [learner(), networks.stretch()] as const).slice(1);
    const stepsPerSecond = median(turns.map(([rate]) => rate));
    const kernel = median(turns.map(([, rate]) => rate));
    const ofKernel = median(turns.map(([own, bare]) => own / bare));
    const gflops = (stepsPerSecond * mflopPerStep) / 1e3;
    rows.push({ case: name, stepsPerSecond, mflopPerStep, gflops, kernel, ofKernel });
  }
  return rows;
}

function scenarioOf({ algorithm, lanes, hidden, batch, epochs, config }: Case): Scenario {
  const ppo = algorithm === 'ppo' ? { batch_size: batch, n_epochs: epochs } : {};
  const options = { n_steps: 2048, ...config, ...ppo, net_arch: hidden };
  const train = { algorithm, preset: 'district', lanes, steps: 1e6, evaluateEvery: 1e6, config: options };
  return scenarioFrom({ train }, 'bench/learners', schema);
}

/** Steps a CPU second over the next two thousand steps or more, whole updates. */
function trainingStretch(training: TrainingRun['training']): () => number {
  const events = training[Symbol.iterator]();
  return () => {
    const from = training.step;
    const start = cpuMs();
    events.next();
    return (1e3 * (training.step - from)) / (cpuMs() - start);
  };
}

/** Steps a CPU second of the networks alone: what they do for a rollout, over and over on the same rows. */
function kernelStretch({ hidden, batch, epochs, lanes }: Case): Disposable & { stretch(): number } {
  const networks = [20, 1].map((outputs) => createNetwork(mlp([inputs, ...hidden, outputs], 'tanh')));
  const most = Math.max(batch, lanes);
  const x = Float32Array.from({ length: most * inputs }, (_, i) => Math.abs(Math.sin(i)));
  const out = new Float32Array(most * 20);
  const dOut = new Float32Array(most * 20).fill(1e-3);
  for (const network of networks) initialise(network, rng(1), { kind: 'orthogonal', outputGain: 0.01 });
  const pass = (): void => {
    for (const network of networks) {
      for (let row = 0; row < batch; row += lanes) network.forward(x, lanes, out);
      for (let epoch = 0; epoch < epochs; epoch++) {
        network.forward(x, batch, out);
        network.backward(dOut, batch);
        network.adam({ learningRate: 1e-6, gradientScale: network.gradientNorm() > 1 ? 0.5 : 1 });
      }
    }
  };
  return {
    stretch() {
      const start = cpuMs();
      let steps = 0;
      for (; cpuMs() - start < 500; steps += batch) pass();
      return (1e3 * steps) / (cpuMs() - start);
    },
    [Symbol.dispose]() {
      for (const network of networks) network[Symbol.dispose]();
    },
  };
}

function multiplyAdds(widths: readonly number[]): number {
  return widths.slice(1).reduce((sum, width, l) => sum + width * widths[l]!, 0);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const row of await run())
    console.log(
      `${row.case}: ${row.stepsPerSecond.toFixed(0)} steps/s, ${row.mflopPerStep.toFixed(2)} MFLOP a step, ${row.gflops.toFixed(1)} GFLOP/s, kernel alone ${row.kernel.toFixed(0)} steps/s (${(100 * row.ofKernel).toFixed(0)} %)`,
    );
}
