// One gradient step of the off-policy learners at Stable-Baselines3's sizes, on rows like the district's (31 features).
//
// The floor is the networks' arithmetic. In multiply-adds of a forward pass of the policy (P) and of a critic (C), a row costs SAC
// 4P + 12C less the first layers' input gradients that nobody asks for: two draws and the policy's backward pass are 4P, the target
// critics 2C, the fit 6C, the policy's gradient through both critics 4C. That is 2.3 MFLOP at 256-256, 0.6 GFLOP an update of 256 rows;
// TD3 spares the second draw, and every other time the policy's part. DQN is 4 forward passes of a small network. `kernel` is the time in
// which the network kernel alone does these passes in this process: what is lost to it is the losses, the joining of states and actions,
// the noise and the replay's gathering.
import { pathToFileURL } from 'node:url';
import { Replay, transitionBatch } from '../agents/buffer/replay.ts';
import { dqnConfig } from '../agents/dqn/config.ts';
import { Dqn } from '../agents/dqn/dqn.ts';
import type { LearnerSpaces } from '../agents/learner.ts';
import type { OffPolicyAlgorithm } from '../agents/off-policy/algorithm.ts';
import { sacConfig } from '../agents/sac/config.ts';
import { Sac } from '../agents/sac/sac.ts';
import { td3Config } from '../agents/td3/config.ts';
import { Td3 } from '../agents/td3/td3.ts';
import { rng } from '../core/rng.ts';
import { createNetwork } from '../nn/create-network.ts';
import { initialise } from '../nn/initialise.ts';
import { mlp } from '../nn/layers.ts';
import { cpuMs, median } from './cpu-time.ts';

export interface UpdateBenchRow {
  readonly case: string;
  /** Median CPU milliseconds of an update, its minibatch drawn. */
  readonly ms: number;
  /** Arithmetic of the networks. */
  readonly mflop: number;
  readonly gflops: number;
  /** CPU milliseconds if the networks' arithmetic were all. */
  readonly kernel: number;
  /** kernel / ms */
  readonly ofKernel: number;
}

/** Passes in an update. */
interface Counts {
  readonly forward: number;
  /** Backward passes for the weights, and for the input alone. */
  readonly backward: number;
  readonly backwardInput: number;
}

/** Those of one network. */
interface Passes extends Counts {
  readonly widths: readonly number[];
}

interface Case {
  readonly name: string;
  readonly algorithm: OffPolicyAlgorithm;
  readonly rows: number;
  readonly passes: readonly Passes[];
}

const inputs = 31;
const spaces: LearnerSpaces = {
  numEnvs: 1,
  observationSpace: {
    kind: 'box',
    features: Array.from({ length: inputs }, (_, i) => ({ name: `f${i}`, unit: '1', low: 0, high: 1 })),
  },
  actionSpace: { kind: 'box', features: [{ name: 'power', unit: 'kW', low: -5, high: 5 }] },
};

export function run(): Promise<UpdateBenchRow[]> {
  return Promise.resolve(cases().map(measure));
}

function cases(): Case[] {
  const sac = sacConfig.parse({});
  const td3 = td3Config.parse({});
  const dqn = dqnConfig.parse({});
  return [
    actorCritic('sac', new Sac(sac, spaces, rng(1)), sac.batch_size, [256, 256], {
      outputs: 2, // mean and deviation
      actor: { forward: 2, backward: 1, backwardInput: 0 },
      critics: { forward: 6, backward: 2, backwardInput: 2 },
    }),
    actorCritic('td3', new Td3(td3, spaces, rng(1)), td3.batch_size, [400, 300], {
      outputs: 1,
      actor: { forward: 1.5, backward: 0.5, backwardInput: 0 },
      critics: { forward: 4.5, backward: 2, backwardInput: 0.5 },
    }),
    {
      name: 'dqn 31-64-64-20, batch 32',
      algorithm: new Dqn(dqn, spaces, rng(1)),
      rows: dqn.batch_size,
      passes: [{ widths: [inputs, 64, 64, dqn.bins], forward: 2, backward: 1, backwardInput: 0 }],
    },
  ];
}

/** An actor and its critics, all of these hidden widths, whose passes are counted together. */
function actorCritic(
  name: string,
  algorithm: OffPolicyAlgorithm,
  rows: number,
  hidden: readonly number[],
  passes: { readonly outputs: number; readonly actor: Counts; readonly critics: Counts },
): Case {
  return {
    name: `${name} ${[inputs, ...hidden].join('-')}, batch ${rows}`,
    algorithm,
    rows,
    passes: [
      { widths: [inputs, ...hidden, passes.outputs], ...passes.actor },
      { widths: [inputs + 1, ...hidden, 1], ...passes.critics },
    ],
  };
}

function measure({ name, algorithm, rows, passes }: Case): UpdateBenchRow {
  const mflop = (rows * passes.reduce((sum, each) => sum + flop(each), 0)) / 1e6;
  const own = updates(algorithm, rows);
  const bare = kernelPasses(passes, rows);
  // In turns, so that the machine's neighbours disturb both alike; the first turn only warms up.
  const turns = Array.from({ length: 8 }, () => [stretch(own), stretch(bare)] as const).slice(1);
  const ms = median(turns.map(([time]) => time));
  const kernel = median(turns.map(([, time]) => time));
  algorithm[Symbol.dispose]();
  return { case: name, ms, mflop, gflops: mflop / ms, kernel, ofKernel: median(turns.map(([a, b]) => b / a)) };
}

/** An update of an algorithm from a replay of random transitions; two in a row, for TD3's delay. */
function updates(algorithm: OffPolicyAlgorithm, rows: number): () => void {
  const draw = rng(2);
  const replay = new Replay(20_000, inputs, 1);
  const lane = transitionBatch(1, inputs, 1);
  for (let i = 0; i < 20_000; i++) {
    for (let j = 0; j < inputs; j++) {
      lane.observation[j] = draw.uniform();
      lane.nextObservation[j] = draw.uniform();
    }
    algorithm.coding.random(draw, lane.action);
    lane.reward[0] = draw.normal();
    replay.add(lane, 0);
  }
  const batch = transitionBatch(rows, inputs, 1);
  const update = { learningRate: 1e-4, rewardFactor: 1, rng: draw };
  return () => {
    replay.sample(draw, rows, batch);
    algorithm.update(batch, update);
  };
}

/** The same passes on the kernel alone; a half of one is made every other time. */
function kernelPasses(passes: readonly Passes[], rows: number): () => void {
  const networks = passes.map(({ widths }) => {
    const network = createNetwork(mlp(widths, 'relu'));
    initialise(network, rng(3), { kind: 'torch-linear' });
    return network;
  });
  const most = Math.max(...passes.flatMap(({ widths }) => widths));
  const x = Float32Array.from({ length: rows * most }, (_, i) => Math.abs(Math.sin(i)));
  const out = new Float32Array(rows * most);
  const dOut = new Float32Array(rows * most).fill(1e-3);
  let round = 0;
  return () => {
    round = 1 - round;
    const whole = (count: number): number => Math.floor(count + round * 0.5);
    for (const [i, { forward, backward, backwardInput }] of passes.entries()) {
      const network = networks[i]!;
      for (let pass = 0; pass < whole(forward); pass++) network.forward(x, rows, out);
      for (let pass = 0; pass < whole(backward); pass++) {
        network.backward(dOut, rows);
        network.adam({ learningRate: 1e-6 });
      }
      for (let pass = 0; pass < whole(backwardInput); pass++) network.backwardInput(dOut, rows, out);
    }
  };
}

/** Operations of a row; a backward pass for the weights has no use for the gradient of its input. */
function flop({ widths, forward, backward, backwardInput }: Passes): number {
  const layers = widths.slice(1).map((width, l) => width * widths[l]!);
  const pass = layers.reduce((sum, layer) => sum + layer, 0);
  return 2 * ((forward + backwardInput) * pass + backward * (2 * pass - layers[0]!));
}

/** CPU milliseconds of a call, over at least 200 ms and an even number of calls. */
function stretch(call: () => void): number {
  const start = cpuMs();
  let calls = 0;
  for (; cpuMs() - start < 200; calls += 2) {
    call();
    call();
  }
  return (cpuMs() - start) / calls;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const row of await run())
    console.log(
      `${row.case}: ${row.ms.toPrecision(3)} ms, ${row.mflop.toFixed(0)} MFLOP, ${row.gflops.toFixed(1)} GFLOP/s, kernel alone ${row.kernel.toPrecision(3)} ms (${(100 * row.ofKernel).toFixed(0)} %)`,
    );
}
