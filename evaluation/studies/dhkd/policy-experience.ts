import type { Rng } from '../../../core/rng.ts';
import type { GradientAccess } from '../../../core/victim.ts';
import { decisionsOf } from '../../../logits/distillation/agreement.ts';
import type { Examples } from '../../../logits/distillation/distil.ts';
import type { DistrictEnv } from '../../../sim/district/district-env.ts';

/** Observations beside those of the teacher's own path: so often another action is taken. */
const exploration = 0.2;

/** Three weeks of four to learn from, the fourth held out. */
export interface Experience {
  readonly train: Examples;
  readonly test: Examples;
}

/** An episode under the teacher, who is now and then not obeyed. The logits are `t` of its Q-values, y its greedy action. */
export function experience(env: DistrictEnv, teacher: GradientAccess, rng: Rng): Experience {
  const size = env.observationSize;
  const steps = env.episodeSteps;
  const x = new Float32Array(steps * size);
  const action = new Float64Array(env.actionSize);
  const { head, logitsSize: k } = teacher;
  if (head.kind !== 'categorical') throw new Error('unreachable: a DQN has bins');
  let { observation } = env.reset(rng.split('environment'));
  for (let t = 0; t < steps; t++) {
    x.set(observation.subarray(0, size), t * size);
    teacher.decide(observation, 1, action);
    if (rng.uniform() < exploration) action.fill(head.values[rng.int(head.values.length)]!);
    observation = env.step(action).observation;
  }
  const q = new Float32Array(steps * k);
  teacher.logits(x, steps, q);
  const all = { x, teacher: logitsOfQ(q, k), labels: decisionsOf(q, k) };
  return { train: weeks(all, false), test: weeks(all, true) };
}

/** The same observations beside another teacher, whose logits are taken as they are. */
export function secondTeacher({ train, test }: Experience, by: GradientAccess): Experience {
  const taught = ({ x, labels }: Examples): Examples => {
    const teacher = new Float32Array(labels.length * by.logitsSize);
    by.logits(x, labels.length, teacher);
    return { x, teacher, labels: decisionsOf(teacher, by.logitsSize) };
  };
  return { train: taught(train), test: taught(test) };
}

/** Every fourth week, or the others. */
function weeks({ x, labels, teacher }: Examples, held: boolean): Examples {
  const rows = [...labels.keys()].filter((row) => (Math.floor(row / 168) % 4 === 3) === held);
  const pick = (from: Float32Array): Float32Array => {
    const width = from.length / labels.length;
    const out = new Float32Array(rows.length * width);
    rows.forEach((row, i) => out.set(from.subarray(row * width, (row + 1) * width), i * width));
    return out;
  };
  return { x: pick(x), teacher: pick(teacher), labels: Int32Array.from(rows, (row) => labels[row]!) };
}

/** `t = (Q − mean Q)/τ`, τ the mean spread of Q over actions: one shift and scale for all, so that V(s) stays in them. @param q [N×K] */
function logitsOfQ(q: Float32Array, k: number): Float32Array {
  const rows = q.length / k;
  let [all, tau] = [0, 0];
  for (let row = 0; row < rows; row++) {
    const own = q.subarray(row * k, (row + 1) * k);
    const mean = own.reduce((sum, value) => sum + value, 0) / k;
    all += mean / rows;
    tau += Math.sqrt(own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / k) / rows;
  }
  return q.map((value) => (value - all) / tau);
}
