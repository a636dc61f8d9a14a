import type { GradientAccess } from '../../../core/victim.ts';
import type { Head } from '../../../core/policy.ts';
import { rng } from '../../../core/rng.ts';
import type { Rng } from '../../../core/rng.ts';
import { scenarioFrom } from '../../../core/scenario.ts';
import type { Scenario } from '../../../core/scenario.ts';
import type { Feature } from '../../../core/space.ts';
import { agreement, decisionsOf } from '../../../logits/distillation/agreement.ts';
import { denseStudent } from '../../../logits/distillation/dense-student.ts';
import type { DenseStudent } from '../../../logits/distillation/dense-student.ts';
import { distil, publishedDecay } from '../../../logits/distillation/distil.ts';
import type { Examples, Schedule } from '../../../logits/distillation/distil.ts';
import { leveled } from '../../../logits/leveled.ts';
import { determination } from '../../../logits/statistic/determination.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import { loadPolicy } from '../../../nn/policy.ts';
import { policyVictim } from '../../../nn/victim.ts';
import type { DistrictEnv } from '../../../sim/district/district-env.ts';
import { chunkAttack } from '../../attack-batch.ts';
import { districtLanes, judgeOn } from '../../district-ground.ts';
import { openTraining } from '../../train.ts';
import { schema } from '../../vocabulary.ts';
import { workspace } from '../../workspace.ts';
import { arms } from './arms.ts';

/** How large a version is. */
export interface PolicySetting {
  /** Environment steps and hidden layers of the teacher. */
  readonly steps: number;
  readonly teacher: readonly number[];
  readonly student: readonly number[];
  readonly epochs: number;
  /** Steps of an episode; null: the year. */
  readonly episode: number | null;
  /** Rows that the attack is tried on. */
  readonly attacked: number;
}

export const policySettings = {
  quick: { steps: 20_000, teacher: [128, 128], student: [32, 32], epochs: 8, episode: null, attacked: 600 },
  full: { steps: 100_000, teacher: [256, 256], student: [32, 32], epochs: 20, episode: null, attacked: 2000 },
} as const satisfies Record<string, PolicySetting>;

/** How students of a policy are taught, plainly and hardened. */
export const policyArms = ['ce', 'kd', 'dhkd'] as const;

/** What a student of a policy is worth. */
export interface Apprentice {
  readonly arm: (typeof policyArms)[number];
  /** Shown inputs that were attacked on the way. */
  readonly hardened: boolean;
  /** Share of held-out rows that it decides as the teacher does. */
  readonly agreement: number;
  /** Share of decisions that the attack changes. */
  readonly attackSuccess: number;
  /** Of a clean year. */
  readonly return: number;
  /** R² of the imitating head's logits, and of their maximum, beside the teacher's Q and its V = max Q. */
  readonly r2Q: number;
  readonly r2V: number;
}

export interface PolicyLesson {
  readonly teacher: { readonly attackSuccess: number; readonly return: number };
  readonly apprentices: readonly Apprentice[];
}

/** Of the attacks, in normalised units; the calendar cannot be moved. */
const threat = { epsilon: 0.03, mask: ['time'] } as const;

/** Observations beside those of the teacher's own path: so often another action is taken. */
const exploration = 0.2;

/** A DQN is trained, small students learn its Q-values, and the attack engine tries them. */
export async function policyLesson(
  tf: Tensorflow,
  setting: PolicySetting,
  seed: number,
  progress: (done: number) => void = () => undefined,
): Promise<PolicyLesson> {
  const own = workspace({ dataset: noFolder, policy: () => undefined, models: () => [] });
  const scenario = teacherScenario(setting, seed);
  const random = rng(seed).split('policies');
  using run = await openTraining(scenario, own);
  for (const event of run.training) if (event.type === 'progress') progress((0.4 * event.step) / event.totalSteps);
  const { card, weights } = run.files('teacher');
  using policy = loadPolicy(card, weights, 'teacher');
  const teacher = policyVictim(policy);
  const { head } = policy.card;
  const lanes = await districtLanes(scenario, 1, own);
  using _env = lanes.env;
  using env = lanes.judge;
  const judge = judgeOn(env);
  const { train, test } = experience(env, teacher, random.split('experience'));
  const attacked = test.x.subarray(0, setting.attacked * teacher.observationSize);
  const success = (victim: GradientAccess): number => attackSuccess(run.observation, victim, attacked, seed);
  const apprentices: Apprentice[] = [];
  for (const hardened of [false, true])
    for (const arm of policyArms) {
      progress(0.4 + (0.1 * apprentices.length + 0.05));
      const widths = [teacher.observationSize, ...setting.student];
      using student = denseStudent({ backbone: widths, classes: teacher.logitsSize }, random.split('student'));
      await teachPolicy(
        tf,
        student,
        train,
        arm,
        setting,
        random.split('training'),
        hardened ? { head, features: run.observation, seed } : null,
      );
      const victim = policyVictim({ network: student.network, card: { head } });
      apprentices.push({
        arm,
        hardened,
        ...(await beside(student, test, arm === 'dhkd')),
        attackSuccess: success(victim),
        return: judge(victim).metrics['return']!,
      });
    }
  return { teacher: { attackSuccess: success(teacher), return: judge(teacher).metrics['return']! }, apprentices };
}

function teacherScenario({ steps, teacher, episode }: PolicySetting, seed: number): Scenario {
  const value = {
    name: `DQN teacher, seed ${seed}`,
    seed,
    district: { dataset: 'builtin', buildings: ['Building_1'], steps: episode },
    train: { algorithm: 'dqn', steps, config: { net_arch: teacher } },
  };
  return scenarioFrom(value, 'teacher', schema);
}

async function teachPolicy(
  tf: Tensorflow,
  student: DenseStudent,
  examples: Examples,
  arm: (typeof policyArms)[number],
  { epochs }: PolicySetting,
  rng: Rng,
  hardening: { readonly head: Head; readonly features: readonly Feature[]; readonly seed: number } | null,
): Promise<void> {
  const schedule: Schedule = {
    batch: 64,
    epochs,
    learningRate: 0.02,
    momentum: 0.9,
    weightDecay: 5e-4,
    decayAt: publishedDecay,
  };
  const objective = { ...arms[arm].objective, alpha: arm === 'ce' ? 0 : 1 };
  if (hardening === null) {
    await distil(tf, student, examples, { objective, schedule }, rng);
    return;
  }
  const { head, features, seed } = hardening;
  const spec = { name: 'pgd', threat, config: { steps: 5 } };
  const attack = chunkAttack(features, policyVictim({ network: student.network, card: { head } }), spec, seed);
  const perturb = (x: Float32Array, rows: number): void =>
    x.set(attack(x, { first: 0, count: rows, stride: 1 }).adversarial);
  await distil(tf, student, examples, { objective, schedule, perturb }, rng);
}

/** A year under the teacher, who is now and then not obeyed: three weeks of four to learn from, the fourth held out. */
function experience(
  env: DistrictEnv,
  teacher: GradientAccess,
  rng: Rng,
): { readonly train: Examples; readonly test: Examples } {
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
  const t = leveled(q, k);
  const labels = decisionsOf(t, k);
  const rowsOf = (held: boolean): Examples => {
    const rows = Array.from({ length: steps }, (_, row) => row).filter(
      (row) => (Math.floor(row / 168) % 4 === 3) === held,
    );
    const pick = (from: Float32Array, width: number): Float32Array => {
      const out = new Float32Array(rows.length * width);
      rows.forEach((row, i) => out.set(from.subarray(row * width, (row + 1) * width), i * width));
      return out;
    };
    return { x: pick(x, size), teacher: pick(t, k), labels: Int32Array.from(rows, (row) => labels[row]!) };
  };
  return { train: rowsOf(false), test: rowsOf(true) };
}

/** What a student's decisions and logits are beside the teacher's. */
async function beside(
  student: DenseStudent,
  { x, labels, teacher }: Examples,
  second: boolean,
): Promise<Pick<Apprentice, 'agreement' | 'r2Q' | 'r2V'>> {
  const k = student.classes;
  const rows = labels.length;
  const main = new Float32Array(rows * k);
  const auxiliary = new Float32Array(rows * k);
  await student.forward(x, rows, main, auxiliary);
  const own = second ? auxiliary : main;
  return {
    agreement: agreement(decisionsOf(main, k), labels),
    r2Q: determination(own, teacher),
    r2V: determination(largest(own, k), largest(teacher, k)),
  };
}

function largest(z: Float32Array, k: number): Float32Array {
  return Float32Array.from({ length: z.length / k }, (_, row) => Math.max(...z.subarray(row * k, (row + 1) * k)));
}

/** Share of decisions that projected gradient descent changes within the threat. */
function attackSuccess(features: readonly Feature[], victim: GradientAccess, x: Float32Array, seed: number): number {
  const rows = x.length / features.length;
  const spec = { name: 'pgd', threat, config: { steps: 20 } };
  const { success } = chunkAttack(features, victim, spec, seed)(x, { first: 0, count: rows, stride: 1 });
  return success.reduce((sum, value) => sum + value, 0) / rows;
}

function noFolder(name: string): never {
  throw new Error(`unreachable: ${name} is read from no folder`);
}
