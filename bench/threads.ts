// The same training on one thread and on two, turn by turn in one process: wall time of whole updates, rollouts included, in environment
// steps (PPO) or updates (SAC) a second. What both compute is the same to the bit.
//
// The floor of PPO is in the head of bench/learners.ts; two cores can at best halve the time of the networks' passes. What stays on one
// thread: the simulator, the gathering of rows, the losses, norms. On a loaded machine helpers wait for a core like everybody else: the
// load average stands beside the figures, and the CPU seconds of each thread say what an idle machine would make of them.
import { readFileSync, readdirSync } from 'node:fs';
import { loadavg } from 'node:os';
import { pathToFileURL } from 'node:url';
import type { LearnerName } from '../agents/index.ts';
import { scenarioFrom } from '../core/scenario.ts';
import { openTraining } from '../evaluation/train.ts';
import { schema } from '../evaluation/vocabulary.ts';
import { kernelThreads } from '../nn/kernel/crew.ts';
import { fileWorkspace } from '../server/workspace.ts';
import { median } from './cpu-time.ts';

export interface ThreadsBenchRow {
  readonly case: string;
  readonly threads: number;
  /** Environment steps a second of wall time, the median of the turns. */
  readonly stepsPerSecond: number;
  /** The best turn: what is left of the neighbours. */
  readonly bestStepsPerSecond: number;
  /** CPU ms a step of the busiest thread, and of all. */
  readonly busiestMs: number;
  readonly allMs: number;
  /** Of the machine, over the last minute. */
  readonly load: number;
}

interface Case {
  readonly name: string;
  readonly algorithm: LearnerName;
  readonly lanes: number;
  readonly config: object;
}

const net = { net_arch: [256, 256] };
const cases: readonly Case[] = [
  {
    name: 'ppo 31-256-256-20, 10 epochs, 8 lanes, batch 256',
    algorithm: 'ppo',
    lanes: 8,
    config: { ...net, bins: 20, n_steps: 256, batch_size: 256, n_epochs: 10 },
  },
  {
    name: 'the same, batch 64',
    algorithm: 'ppo',
    lanes: 8,
    config: { ...net, bins: 20, n_steps: 256, batch_size: 64, n_epochs: 10 },
  },
  {
    name: 'sac 31-256-256, 4 lanes, batch 256, an update a step',
    algorithm: 'sac',
    lanes: 4,
    config: { ...net, batch_size: 256, updatesPerStep: 1, learning_starts: 300 },
  },
];

/** @param turns of each number of threads */
export async function run(turns = 6): Promise<ThreadsBenchRow[]> {
  const rows: ThreadsBenchRow[] = [];
  for (const { name, algorithm, lanes, config } of cases) {
    const train = { algorithm, preset: 'district', lanes, steps: 1e6, evaluateEvery: 1e6, config };
    const scenario = scenarioFrom({ train }, 'bench/threads', schema);
    using opened = await openTraining(scenario, fileWorkspace({ roots: null, modelsDir: 'models' }));
    const { training } = opened;
    const iteration = training[Symbol.iterator]();
    const turn = (): Turn => {
      const from = training.step;
      const before = threadTimes();
      const start = performance.now();
      iteration.next();
      const seconds = (performance.now() - start) / 1e3;
      const steps = training.step - from;
      const spent = [...threadTimes()].map(([id, ms]) => (ms - (before.get(id) ?? 0)) / steps);
      return { rate: steps / seconds, busiest: Math.max(...spent), all: spent.reduce((sum, ms) => sum + ms, 0) };
    };
    turn(); // warms up
    const taken = new Map<number, Turn[]>([1, 2].map((threads) => [threads, []]));
    for (let i = 0; i < turns; i++) {
      for (const [threads, list] of taken) {
        using _threads = kernelThreads(threads);
        if (threads > 1) turn(); // its thread starts
        list.push(turn());
      }
    }
    for (const [threads, list] of taken)
      rows.push({
        case: name,
        threads,
        stepsPerSecond: median(list.map(({ rate }) => rate)),
        bestStepsPerSecond: Math.max(...list.map(({ rate }) => rate)),
        busiestMs: median(list.map(({ busiest }) => busiest)),
        allMs: median(list.map(({ all }) => all)),
        load: loadavg()[0]!,
      });
  }
  return rows;
}

interface Turn {
  readonly rate: number;
  readonly busiest: number;
  readonly all: number;
}

/** CPU milliseconds of each thread of this process so far; none where the system does not tell. */
function threadTimes(): Map<string, number> {
  const folder = '/proc/self/task';
  try {
    return new Map(
      readdirSync(folder).map((id) => [
        id,
        Number(readFileSync(`${folder}/${id}/schedstat`, 'utf8').split(' ')[0]) / 1e6,
      ]),
    );
  } catch {
    return new Map();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  for (const row of await run(Number(process.argv[2] ?? 6)))
    console.log(
      `${row.case}, ${row.threads} threads: ${row.stepsPerSecond.toFixed(0)} steps/s (best ${row.bestStepsPerSecond.toFixed(0)}), CPU ms a step ${row.busiestMs.toFixed(4)} of the busiest thread, ${row.allMs.toFixed(4)} of all; load ${row.load.toFixed(1)}`,
    );
