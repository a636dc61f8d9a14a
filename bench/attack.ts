// One step of a closed loop under PGD with 100 iterations on the paper's MLP, 31-256-256-20 relu: what the attack costs beside
// the network. A year at batch 1 is 8759 such steps.
//
// `loop` is the search alone, on a victim that answers at once; `gradient` is the network alone; `step` is both, with
// confining, verifying and judging. Each figure is a median of CPU time, which neighbours on the machine disturb little.
import { pathToFileURL } from 'node:url';
import { attackEngine } from '../attacks/engine.ts';
import { attacks } from '../attacks/index.ts';
import { threatModel } from '../attacks/threat.ts';
import { goalOf } from '../core/goal.ts';
import type { Head } from '../core/policy.ts';
import { rng } from '../core/rng.ts';
import type { GradientAccess } from '../core/victim.ts';
import { createNetwork } from '../nn/create-network.ts';
import { initialise } from '../nn/initialise.ts';
import { mlp } from '../nn/layers.ts';
import type { Policy } from '../nn/policy.ts';
import { policyVictim } from '../nn/victim.ts';

export interface AttackBenchRow {
  readonly case: string;
  readonly rows: number;
  /** Median CPU microseconds per iteration (one gradient of the whole batch). */
  readonly microseconds: number;
  /** Gradients of single rows per CPU second: rows / microseconds · 10⁶. */
  readonly gradientsPerSecond: number;
  /** Seconds for a year of 8759 steps at this batch; absent where it has no meaning. */
  readonly yearSeconds?: number;
}

const steps = 100;
const size = 31;
const features = Array.from({ length: size }, (_, j) => ({ name: `f${j}`, unit: '', low: 0, high: 1 }));
const head: Head = { kind: 'categorical', values: Array.from({ length: 20 }, (_, i) => -0.78125 + (1.5625 * i) / 19) };

/** Measures the loop alone, the network alone and a whole attacked step, at batch 1 and 64; PGD and Auto-PGD at 1, 256 and 8192 rows. */
export async function run(): Promise<AttackBenchRow[]> {
  const layers = mlp([size, 256, 256, 20], 'relu');
  const network = createNetwork(layers);
  initialise(network, rng(1), { kind: 'torch-linear' });
  // The victim reads head and network only; the rest of a card describes files that a bench has not.
  const policy = { card: { head }, network } as unknown as Policy;
  const victim = policyVictim(policy);
  const result: AttackBenchRow[] = [1, 64].flatMap((rows): AttackBenchRow[] => {
    const loop = perIteration(instant(victim), rows);
    const gradient = networkAlone(victim, rows);
    const step = perIteration(victim, rows);
    return [
      rowOf('loop', rows, loop),
      rowOf('gradient', rows, gradient),
      { ...rowOf('step', rows, step), yearSeconds: (8759 * steps * step) / 1e6 },
    ];
  });
  for (const rows of [1, 256, 8192]) {
    // A hundred gradients of 8192 rows take seconds: fewer steps a call, the same work a gradient.
    const count = rows > 1000 ? 5 : steps;
    result.push(rowOf('network alone', rows, networkAlone(victim, rows, count)));
    for (const name of ['pgd', 'apgd', 'acg'] as const)
      result.push(rowOf(`${name}, ${count} steps`, rows, perGradient(victim, rows, name, count)));
  }
  network[Symbol.dispose]();
  return result;
}

function rowOf(name: string, rows: number, microseconds: number): AttackBenchRow {
  return { case: name, rows, microseconds, gradientsPerSecond: (rows / microseconds) * 1e6 };
}

/** A victim that takes no time and never lets the search rest: its gradient is the same everywhere. */
function instant(victim: GradientAccess): GradientAccess {
  return {
    ...victim,
    decide: (_x, _rows, action) => void action.fill(0),
    logits: (_x, _rows, out) => void out.fill(0),
    valueAndGradient: (_objective, x, rows, value, gradient) => {
      for (let row = 0; row < rows; row++) value[row] = x[row * size]!;
      gradient.fill(1);
    },
  };
}

/** Per iteration, whether a row still asks or has come to rest. */
function perIteration(victim: GradientAccess, rows: number): number {
  return attacked(victim, rows, 'bifurcation', steps).whole / steps;
}

/** Per gradient of the batch that was asked. */
function perGradient(victim: GradientAccess, rows: number, name: 'pgd' | 'apgd' | 'acg', count: number): number {
  const { whole, gradients } = attacked(victim, rows, name, count);
  return (whole * rows) / gradients;
}

/** A whole step of an attack, in microseconds, and the gradients it asks for. */
function attacked(
  victim: GradientAccess,
  rows: number,
  name: 'bifurcation' | 'pgd' | 'apgd' | 'acg',
  count: number,
): { readonly whole: number; readonly gradients: number } {
  const attack = attacks[name].make({ steps: count });
  const engine = attackEngine({ attack, threat: threatModel({}, features), victim, features });
  const stream = rng(2);
  const x = Float32Array.from({ length: rows * size }, () => stream.uniform());
  const out = new Float32Array(x.length);
  const rngs = Array.from({ length: rows }, (_, row) => rng(3).split(row));
  let step = 0;
  const whole = median(() => engine.perturb(x, rows, step++, rngs, out));
  return { whole, gradients: engine.meter.gradients / step };
}

function networkAlone(victim: GradientAccess, rows: number, count = steps): number {
  const x = new Float32Array(rows * size).fill(0.5);
  const goal = goalOf(victim, rows);
  const objective = { name: 'first logit', check: () => {}, evaluate: firstLogit };
  const value = new Float32Array(rows);
  const gradient = new Float32Array(x.length);
  return (
    median(() => {
      for (let k = 0; k < count; k++) victim.valueAndGradient({ objective, goal }, x, rows, value, gradient);
    }) / count
  );
}

function firstLogit(
  _head: Head,
  logits: Float32Array,
  _goal: unknown,
  rows: number,
  value: Float32Array,
  gradient: Float32Array,
): void {
  for (let row = 0; row < rows; row++) {
    value[row] = logits[row * 20]!;
    gradient[row * 20] = 1;
  }
}

/** Median CPU microseconds of a call, after warming up, within about half a second. */
function median(call: () => void): number {
  for (let i = 0; i < 5; i++) call();
  const times: number[] = [];
  for (let total = 0; total < 500_000 && times.length < 400;) {
    const before = process.cpuUsage();
    call();
    const { user, system } = process.cpuUsage(before);
    times.push(user + system);
    total += user + system + 1;
  }
  return times.sort((a, b) => a - b)[times.length >> 1]!;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  console.table(await run());
