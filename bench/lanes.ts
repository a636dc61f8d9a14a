// What a year of one attacked lane costs when 64 are attacked at once: PGD with 100 iterations, one lane beside its clean twin, and 64
// lanes beside theirs in one thread and in two. CPU seconds of all threads, from the first step on: starting is left out, and runs
// of a sixth of a year are scaled to one. The buildings are the built-in district's eight, eight times under other names, as a folder
// that every thread reads; the single lanes are the eight, one after the other.
//
// Floor: a gradient of 31-256-256-20 is 2·2·(31·256 + 256·256 + 256·20) = 0.31 MFLOP, forwards and backwards to the input; four float32 lanes
// without FMA, two products and two sums a cycle, are at most 16 FLOP a cycle: 20 000 cycles a gradient, 6 µs at 3.3 GHz. A year of 100 gradients
// a step, 875 900 of them, so costs at least 5 s in any batch. What is below that was not asked: a row that has come to rest
// is asked no more (`gradientsPerStep`), and ReLUs that are off pass nothing on.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { evaluateInParts } from '../cli/evaluation-parts.ts';
import { LocalExecutor } from '../server/executor/local-executor.ts';
import type { Scenario } from '../core/scenario.ts';
import { scenarioFrom } from '../core/scenario.ts';
import { datasetFiles } from '../evaluation/district.ts';
import { wholePanel } from '../evaluation/part.ts';
import { schema } from '../evaluation/vocabulary.ts';
import { builtinDistrict } from '../sim/data/builtin/index.ts';

export interface LaneBenchRow {
  readonly case: string;
  readonly lanes: number;
  readonly workers: number;
  /** Gradients asked for a lane in a step, of 100. */
  readonly gradientsPerStep: number;
  /** Per attacked lane and year, clean twins and physics included. */
  readonly cpuSeconds: number;
  /** Of the single lane's in the same run. */
  readonly share: number;
  /** Per lane and year, from the first step to the result. */
  readonly wallSeconds: number;
}

const year = 8759;
const steps = 1460;

/** One attacked lane, then 64 in one and in two threads, under both shipped controllers. */
export async function run(): Promise<LaneBenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'faultline-bench-'));
  try {
    const { buildings: own, ...district } = builtinDistrict();
    const buildings = Array.from({ length: 64 }, (_, i) => ({ ...own[i % own.length]!, name: `Building_${i + 1}` }));
    for (const [name, text] of datasetFiles({ ...district, buildings })) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const names = buildings.map(({ name }) => name);
    const rows: LaneBenchRow[] = [];
    for (const policy of ['ppo20-builtin', 'sac-builtin']) {
      const singles: Cost[] = [];
      for (const name of names.slice(0, own.length)) singles.push(await cost(scenarioOf(folder, policy, [name]), 1));
      const single = meanOf(singles);
      const many = scenarioOf(folder, policy, names);
      rows.push(rowOf(policy, 1, 1, single, single));
      for (const workers of [1, 2]) rows.push(rowOf(policy, names.length, workers, await cost(many, workers), single));
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function scenarioOf(dataset: string, policy: string, buildings: readonly string[]): Scenario {
  const attacks = [{ name: 'pgd', config: { steps: 100, restarts: 1 } }];
  return scenarioFrom({ district: { dataset, buildings, steps }, victim: { policy }, attacks }, 'bench', schema);
}

/** Of a lane and year. */
interface Cost {
  readonly cpu: number;
  readonly wall: number;
  /** Of a lane and step. */
  readonly gradients: number;
}

/** Evaluates from the first step that every thread has done to the result. */
async function cost(scenario: Scenario, workers: number): Promise<Cost> {
  let begun: { readonly step: number; readonly cpu: NodeJS.CpuUsage; readonly wall: number } | undefined;
  await using executor = new LocalExecutor(workers, {
    roots: null,
    modelsDir: join(import.meta.dirname, '..', 'models'),
    controllers: 'none',
    versions: {},
    codeHash: '',
    telemetry: true,
  });
  const { result } = await evaluateInParts(scenario, {
    executor,
    part: wholePanel(scenario),
    bond: null,
    parts: workers,
    codeHash: '',
    signal: new AbortController().signal,
    onProgress(step) {
      if (step > 0) begun ??= { step, cpu: process.cpuUsage(), wall: performance.now() };
    },
  });
  if (begun === undefined || begun.step === steps) throw new Error('the run was over before it was first heard of');
  const { step, cpu, wall } = begun;
  const { user, system } = process.cpuUsage(cpu);
  const lanes = result.lanes.filter((lane) => lane.cost !== undefined);
  const scale = year / (steps - step) / lanes.length;
  return {
    cpu: ((user + system) / 1e6) * scale,
    wall: ((performance.now() - wall) / 1000) * scale,
    gradients: lanes.reduce((sum, lane) => sum + lane.cost!.gradients, 0) / lanes.length / steps,
  };
}

function meanOf(costs: readonly Cost[]): Cost {
  const mean = (of: (cost: Cost) => number): number => costs.reduce((sum, one) => sum + of(one), 0) / costs.length;
  return { cpu: mean(({ cpu }) => cpu), wall: mean(({ wall }) => wall), gradients: mean(({ gradients }) => gradients) };
}

function rowOf(policy: string, lanes: number, workers: number, own: Cost, single: Cost): LaneBenchRow {
  return {
    case: `${policy} under pgd-100, ${lanes} ${lanes === 1 ? 'lane' : 'lanes'}`,
    lanes,
    workers,
    gradientsPerStep: Number(own.gradients.toFixed(1)),
    cpuSeconds: Number(own.cpu.toFixed(2)),
    share: Number((own.cpu / single.cpu).toFixed(3)),
    wallSeconds: Number(own.wall.toFixed(2)),
  };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  console.table(await run());
