// What learning costs on each engine: an update of SAC, and an epoch of PPO over 2048 rows, at several minibatch sizes.
//
// The kernel's figures are those of our learners, losses, gathering and all. The tensor backends' are the same step written for them, with
// TensorFlow.js's own tape and its own Adam, on rows that are there already: what a learner on tensors could not do without.
//
// Floors, per row. SAC 31-256-256 with one action, two critics with targets: 2.3 MFLOP (bench/updates.ts counts the passes); its weights,
// targets and moments are 3.3 MB that every update reads and mostly writes. PPO with actor and critic 31-256-256: 0.87 MFLOP an epoch and row
// (bench/learners.ts), 1.8 MB of weights and moments a minibatch. WASM does at most 16 FLOP a cycle: see bench/nn.ts.
import { pathToFileURL } from 'node:url';
import type { Tensor, Tensor2D, Variable } from '@tensorflow/tfjs';
import { Replay, transitionBatch } from '../agents/buffer/replay.ts';
import { learners } from '../agents/index.ts';
import type { LearnerSpaces } from '../agents/learner.ts';
import { sacConfig } from '../agents/sac/config.ts';
import { Sac } from '../agents/sac/sac.ts';
import type { StepBatch } from '../core/environment.ts';
import { rng } from '../core/rng.ts';
import { selectBackend } from '../nn/backend.ts';
import type { BackendName, SelectedBackend } from '../nn/backend.ts';

export interface LearningBenchRow {
  readonly case: 'sac update' | 'ppo epoch';
  /** Rows of a minibatch. */
  readonly batch: number;
  readonly engine: string;
  /** Median CPU milliseconds; null: not measured, for `reason`. */
  readonly ms: number | null;
  readonly mflop: number;
  readonly gflops: number | null;
  readonly reason?: string;
}

const batches = [64, 256, 1024];
const rolloutRows = 2048;
const inputs = 31;
const bins = 20;
const hidden = [256, 256];
const backends: readonly BackendName[] = ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm', 'cpu'];
const spaces = (numEnvs: number): LearnerSpaces => ({
  numEnvs,
  observationSpace: {
    kind: 'box',
    features: Array.from({ length: inputs }, (_, i) => ({ name: `f${i}`, unit: '1', low: 0, high: 1 })),
  },
  actionSpace: { kind: 'box', features: [{ name: 'power', unit: 'kW', low: -5, high: 5 }] },
});

/** Runs both cases on the kernel and on every tensor backend; one that is not to be had says why. */
export async function run(): Promise<LearningBenchRow[]> {
  const rows: LearningBenchRow[] = [];
  for (const batch of batches) {
    rows.push(row('sac update', batch, 'kernel', await median(sacOnKernel(batch))));
    rows.push(row('ppo epoch', batch, 'kernel', ppoOnKernel(batch)));
  }
  for (const name of backends) {
    try {
      rows.push(...(await onBackend(name)));
    } catch (error) {
      const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
      for (const kind of ['sac update', 'ppo epoch'] as const)
        rows.push({ ...row(kind, 256, `tfjs ${name}`, null), reason: `not measured: ${reason}` });
    }
  }
  return rows;
}

async function onBackend(name: BackendName): Promise<LearningBenchRow[]> {
  using backend = await selectBackend({ force: name });
  const rows: LearningBenchRow[] = [];
  // Plain JavaScript takes seconds for a large one.
  for (const batch of name === 'cpu' ? [64] : batches) {
    rows.push(row('sac update', batch, `tfjs ${name}`, await median(sacOnTensors(backend, batch))));
    // One minibatch, times how many an epoch has: they are alike.
    const minibatches = rolloutRows / batch;
    rows.push(row('ppo epoch', batch, `tfjs ${name}`, (await median(ppoOnTensors(backend, batch))) * minibatches));
  }
  return rows;
}

function row(kind: LearningBenchRow['case'], batch: number, engine: string, ms: number | null): LearningBenchRow {
  const pass = (outputs: number, first = inputs): number => first * 256 + 256 * 256 + 256 * outputs;
  // Multiply-adds of a row: bench/updates.ts has SAC's passes; an epoch of PPO is forward and backward without the input's gradient.
  const sac = 2 * pass(2) + (2 * pass(2) - inputs * 256) + 8 * pass(1, 32) + 2 * (2 * pass(1, 32) - 32 * 256);
  const ppo = 3 * (pass(bins) + pass(1)) - 2 * inputs * 256;
  const mflop = (2 * (kind === 'sac update' ? batch * sac : rolloutRows * ppo)) / 1e6;
  return { case: kind, batch, engine, ms, mflop, gflops: ms === null ? null : mflop / ms };
}

function sacOnKernel(batch: number): () => void {
  const sac = new Sac(sacConfig.parse({ batch_size: batch }), spaces(1), rng(1));
  const draw = rng(2);
  const replay = new Replay(4096, inputs, 1);
  const lane = transitionBatch(1, inputs, 1);
  for (let i = 0; i < 4096; i++) {
    for (let j = 0; j < inputs; j++) {
      lane.observation[j] = draw.uniform();
      lane.nextObservation[j] = draw.uniform();
    }
    lane.action[0] = 2 * draw.uniform() - 1;
    lane.reward[0] = draw.normal();
    replay.add(lane, 0);
  }
  const drawn = transitionBatch(batch, inputs, 1);
  return () => {
    replay.sample(draw, batch, drawn);
    sac.update(drawn, { learningRate: 1e-4, rewardFactor: 1, rng: draw });
  };
}

/** CPU milliseconds of an epoch: the update that a full rollout sets off, by its epochs. */
function ppoOnKernel(batch: number): number {
  const lanes = 8;
  const epochs = 10;
  const config = { bins, net_arch: hidden, n_steps: rolloutRows / lanes, n_epochs: epochs, batch_size: batch };
  using ppo = learners.ppo.make(config)(spaces(lanes), rng(1));
  const draw = rng(3);
  const step: StepBatch = {
    observation: new Float32Array(lanes * inputs),
    finalObservation: new Float32Array(lanes * inputs),
    reward: new Float64Array(lanes),
    terminated: new Uint8Array(lanes),
    truncated: new Uint8Array(lanes),
  };
  const action = new Float64Array(lanes);
  const times: number[] = [];
  for (let rollout = 0; rollout < 5; rollout++) {
    for (let t = 0; t < rolloutRows / lanes; t++) {
      for (let i = 0; i < step.observation.length; i++) step.observation[i] = draw.uniform();
      for (let i = 0; i < lanes; i++) step.reward[i] = draw.normal();
      ppo.act(step.observation, action);
      const start = cpuMs();
      if (ppo.observe(step, 0) !== undefined) times.push((cpuMs() - start) / epochs);
    }
  }
  return middle(times.slice(1));
}

/** Weights of a dense network as variables, and its forward pass. */
function variables(backend: SelectedBackend, widths: readonly number[], activation: 'relu' | 'tanh') {
  const { tf } = backend;
  const layers = widths.slice(1).map((outputs, l) => {
    const bound = 1 / Math.sqrt(widths[l]!);
    const weight = tf.tidy(() => tf.variable(tf.randomUniform([widths[l]!, outputs], -bound, bound, 'float32', l + 1)));
    return { weight: weight as Variable, bias: tf.tidy(() => tf.variable(tf.zeros([outputs]))) as Variable };
  });
  const forward = (x: Tensor2D): Tensor2D =>
    layers.reduce((below, { weight, bias }, l) => {
      const z = tf.matMul(below, weight as Tensor as Tensor2D).add(bias);
      return (l === layers.length - 1 ? z : activation === 'relu' ? z.relu() : z.tanh()) as Tensor2D;
    }, x);
  return { layers, all: layers.flatMap(({ weight, bias }) => [weight, bias]), forward };
}

function sacOnTensors(backend: SelectedBackend, batch: number): () => Promise<void> {
  const { tf } = backend;
  const actor = variables(backend, [inputs, ...hidden, 2], 'relu');
  const critic = () => variables(backend, [inputs + 1, ...hidden, 1], 'relu');
  const [critics, targets] = [
    [critic(), critic()],
    [critic(), critic()],
  ];
  const [forActor, forCritics] = [tf.train.adam(1e-4), tf.train.adam(1e-4)];
  const x = tf.randomUniform([batch, inputs], 0, 1, 'float32', 7) as Tensor2D;
  const action = tf.randomUniform([batch, 1], -1, 1, 'float32', 8) as Tensor2D;
  const noise = tf.randomNormal([batch, 1], 0, 1, 'float32', 9) as Tensor2D;
  const reward = tf.randomNormal([batch, 1], 0, 1, 'float32', 10) as Tensor2D;
  const draw = (): { a: Tensor2D; logProb: Tensor2D } => {
    const [mean, logStd] = tf.split(actor.forward(x), 2, 1) as [Tensor2D, Tensor2D];
    const u = mean.add(logStd.exp().mul(noise)) as Tensor2D;
    const correction = tf
      .scalar(Math.LN2)
      .sub(u)
      .sub(tf.softplus(u.mul(-2)))
      .mul(2);
    const logProb = noise.square().mul(-0.5).sub(logStd).sub(correction) as Tensor2D;
    return { a: u.tanh() as Tensor2D, logProb };
  };
  const least = (of: typeof critics, a: Tensor2D): Tensor =>
    tf.minimum(of[0]!.forward(tf.concat([x, a], 1)), of[1]!.forward(tf.concat([x, a], 1)));
  return async () => {
    tf.tidy(() => {
      const next = draw();
      const target = reward.add(least(targets, next.a).sub(next.logProb.mul(0.2)).mul(0.99));
      const fit = (): import('@tensorflow/tfjs').Scalar =>
        critics
          .map((one) =>
            one
              .forward(tf.concat([x, action], 1))
              .sub(target)
              .square()
              .mean()
              .mul(0.5),
          )
          .reduce((sum, loss) => sum.add(loss))
          .asScalar();
      forCritics.minimize(
        fit,
        false,
        critics.flatMap(({ all }) => all),
      );
      const improve = (): import('@tensorflow/tfjs').Scalar => {
        const { a, logProb } = draw();
        return logProb.mul(0.2).sub(least(critics, a)).mean().asScalar();
      };
      forActor.minimize(improve, false, actor.all);
      for (const [i, target] of targets.entries())
        for (const [k, slow] of target.all.entries())
          slow.assign(slow.add(critics[i]!.all[k]!.sub(slow).mul(0.005)) as Tensor as Variable);
    });
    await actor.all[0]!.data(); // waits for the device
  };
}

function ppoOnTensors(backend: SelectedBackend, batch: number): () => Promise<void> {
  const { tf } = backend;
  const actor = variables(backend, [inputs, ...hidden, bins], 'tanh');
  const critic = variables(backend, [inputs, ...hidden, 1], 'tanh');
  const adam = tf.train.adam(3e-4);
  const x = tf.randomUniform([batch, inputs], 0, 1, 'float32', 7) as Tensor2D;
  const chosen = tf
    .oneHot(
      tf.tensor1d(
        Array.from({ length: batch }, (_, i) => i % bins),
        'int32',
      ),
      bins,
    )
    .toFloat();
  const advantage = tf.randomNormal([batch], 0, 1, 'float32', 8);
  const target = tf.randomNormal([batch, 1], 0, 1, 'float32', 9);
  const old = Math.log(1 / bins);
  return async () => {
    tf.tidy(() => {
      adam.minimize(
        () => {
          const ratio = tf.logSoftmax(actor.forward(x)).mul(chosen).sum(1).sub(old).exp();
          const gain = tf.minimum(ratio.mul(advantage), ratio.clipByValue(0.8, 1.2).mul(advantage)).mean();
          return critic.forward(x).sub(target).square().mean().mul(0.5).sub(gain).asScalar();
        },
        false,
        [...actor.all, ...critic.all],
      );
    });
    await actor.all[0]!.data(); // waits for the device
  };
}

/** Median over 7 samples of at least 100 ms each, after a warm-up of as much. */
async function median(call: () => void | Promise<void>): Promise<number> {
  let calls = 0;
  for (const start = cpuMs(); cpuMs() - start < 100 || calls < 2; calls++) await call();
  const samples: number[] = [];
  for (let sample = 0; sample < 7; sample++) {
    const start = cpuMs();
    for (let i = 0; i < calls; i++) await call();
    samples.push((cpuMs() - start) / calls);
  }
  return middle(samples);
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.table(await run());
