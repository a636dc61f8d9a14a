import type { Head } from '../../../core/policy.ts';
import { rng } from '../../../core/rng.ts';
import type { Rng } from '../../../core/rng.ts';
import { scenarioFrom } from '../../../core/scenario.ts';
import type { Scenario } from '../../../core/scenario.ts';
import type { Feature } from '../../../core/space.ts';
import type { GradientAccess } from '../../../core/victim.ts';
import { agreement, decisionsOf } from '../../../logits/distillation/agreement.ts';
import { denseStudent } from '../../../logits/distillation/dense-student.ts';
import type { DenseStudent } from '../../../logits/distillation/dense-student.ts';
import { distil, publishedDecay } from '../../../logits/distillation/distil.ts';
import type { DistilOptions, Examples } from '../../../logits/distillation/distil.ts';
import type { Objective } from '../../../logits/distillation/objective.ts';
import { correlation, determination } from '../../../logits/statistic/determination.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import { loadPolicy } from '../../../nn/policy.ts';
import { policyVictim } from '../../../nn/victim.ts';
import { chunkAttack } from '../../attack-batch.ts';
import { districtLanes, judgeOn } from '../../district-ground.ts';
import { openTraining } from '../../train.ts';
import { schema } from '../../vocabulary.ts';
import { workspace } from '../../workspace.ts';
import { arms } from './arms.ts';
import { experience, secondTeacher } from './policy-experience.ts';
import type { Experience } from './policy-experience.ts';
import { besiege, threat } from './policy-siege.ts';
import type { Siege } from './policy-siege.ts';

/** How large a version is. */
export interface PolicySetting {
  /** Environment steps and hidden layers of the DQN. */
  readonly steps: number;
  readonly teacher: readonly number[];
  /** Hidden layers of the hardened teacher, and of students. */
  readonly hardened: readonly number[];
  readonly student: readonly number[];
  readonly epochs: number;
  /** Steps of an episode; null: the year. */
  readonly episode: number | null;
  /** Rows that the attack is tried on, and hours of the closed loop. */
  readonly attacked: number;
  readonly siege: number;
}

const small = { student: [32, 32], episode: null } as const;

export const policySettings = {
  quick: { ...small, steps: 8000, teacher: [64, 64], hardened: [64, 64], epochs: 5, attacked: 300, siege: 96 },
  full: { ...small, steps: 40_000, teacher: [128, 128], hardened: [128, 128], epochs: 15, attacked: 2000, siege: 1344 },
} as const satisfies Record<string, PolicySetting>;

/** How students of a policy are taught. */
export const policyArms = ['ce', 'kd', 'dhkd'] as const;

/** By whom, and on what: observations as they are, or attacked on the way. */
export const schools = [
  { teacher: 'plain', hardened: false },
  { teacher: 'plain', hardened: true },
  { teacher: 'hardened', hardened: false },
] as const;

/** How a policy stands against the attack engine. */
export interface Standing {
  /** Share of decisions on held-out rows that the attack changes. */
  readonly attackSuccess: number;
  /** Of a clean year. */
  readonly return: number;
  /** In the closed loop. */
  readonly sieges: readonly Siege[];
}

/** What a student of a policy is worth. */
export interface Apprentice extends Standing {
  readonly arm: (typeof policyArms)[number];
  readonly teacher: 'plain' | 'hardened';
  /** Shown inputs that were attacked on the way. */
  readonly hardened: boolean;
  /** Share of held-out rows that it decides as its teacher does. */
  readonly agreement: number;
  /** R² of the imitating head's logits, and of their maximum, beside the teacher's t and its V = max t. */
  readonly r2Q: number;
  readonly r2V: number;
  /** r² of V: what the best shift and scale would leave. */
  readonly r2VFitted: number;
}

export interface PolicyLesson {
  /** The DQN. */
  readonly plain: Standing;
  /** A net that learnt its values under attack. */
  readonly hardened: Standing & Pick<Apprentice, 'agreement' | 'r2Q'>;
  readonly apprentices: readonly Apprentice[];
}

/** A DQN is trained, a second teacher learns its values under attack, small students learn of both, and the attack engine tries them all. */
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
  const plain = policyVictim(policy);
  const { head } = policy.card;
  const features = run.observation;
  const lanes = await districtLanes(scenario, 1, own);
  using _env = lanes.env;
  using env = lanes.judge;
  const judge = judgeOn(env);
  const ofPlain = experience(env, plain, random.split('experience'));
  const attacked = ofPlain.test.x.subarray(0, setting.attacked * plain.observationSize);
  const attack: Hardening = { head, features, seed };
  const stand = async (victim: GradientAccess): Promise<Standing> => ({
    attackSuccess: attackSuccess(features, victim, attacked, seed),
    return: judge(victim).metrics['return']!,
    sieges: await besiege(victim, features, { steps: setting.siege, seed }, own),
  });
  const make = (hidden: readonly number[], rng: Rng): DenseStudent =>
    denseStudent({ backbone: [plain.observationSize, ...hidden], classes: plain.logitsSize }, rng);

  using second = make(setting.hardened, random.split('hardened teacher'));
  const values: Objective = { gamma: 0, alpha: 1, imitation: 'binary-kl-norm', head: 'main' };
  await teachPolicy(tf, second, ofPlain.train, values, setting, random.split('hardened training'), attack);
  const hardened = policyVictim({ network: second.network, card: { head } });
  const taughtBy: Record<'plain' | 'hardened', Experience> = {
    plain: ofPlain,
    hardened: secondTeacher(ofPlain, hardened),
  };
  const apprentices: Apprentice[] = [];
  for (const school of schools)
    for (const arm of policyArms) {
      progress(0.45 + (0.55 * apprentices.length) / (schools.length * policyArms.length));
      using student = make(setting.student, random.split('student'));
      const objective = { ...arms[arm].objective, alpha: arm === 'ce' ? 0 : 1 };
      const { train, test } = taughtBy[school.teacher];
      const by = school.hardened ? attack : null;
      await teachPolicy(tf, student, train, objective, setting, random.split('training'), by);
      const victim = policyVictim({ network: student.network, card: { head } });
      apprentices.push({ arm, ...school, ...(await beside(student, test, arm === 'dhkd')), ...(await stand(victim)) });
    }
  const learnt = await beside(second, ofPlain.test, false);
  return {
    plain: await stand(plain),
    hardened: { ...(await stand(hardened)), agreement: learnt.agreement, r2Q: learnt.r2Q },
    apprentices,
  };
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

/** What inputs are attacked with on the way: the head says what a decision is. */
interface Hardening {
  readonly head: Head;
  readonly features: readonly Feature[];
  readonly seed: number;
}

async function teachPolicy(
  tf: Tensorflow,
  student: DenseStudent,
  examples: Examples,
  objective: Objective,
  { epochs }: PolicySetting,
  rng: Rng,
  hardening: Hardening | null,
): Promise<void> {
  const schedule = {
    batch: 64,
    epochs,
    learningRate: 0.02,
    momentum: 0.9,
    weightDecay: 5e-4,
    decayAt: publishedDecay,
  };
  const options: DistilOptions = { objective, schedule };
  if (hardening === null) {
    await distil(tf, student, examples, options, rng);
    return;
  }
  const { head, features, seed } = hardening;
  const spec = { name: 'pgd', threat, config: { steps: 5 } };
  const attack = chunkAttack(features, policyVictim({ network: student.network, card: { head } }), spec, seed);
  const perturb = (x: Float32Array, rows: number): void =>
    x.set(attack(x, { first: 0, count: rows, stride: 1 }).adversarial);
  await distil(tf, student, examples, { ...options, perturb }, rng);
}

/** What a student's decisions and logits are beside the teacher's. */
async function beside(
  student: DenseStudent,
  { x, labels, teacher }: Examples,
  second: boolean,
): Promise<Pick<Apprentice, 'agreement' | 'r2Q' | 'r2V' | 'r2VFitted'>> {
  const k = student.classes;
  const rows = labels.length;
  const main = new Float32Array(rows * k);
  const auxiliary = new Float32Array(rows * k);
  await student.forward(x, rows, main, auxiliary);
  const own = second ? auxiliary : main;
  const [v, wanted] = [largest(own, k), largest(teacher, k)];
  return {
    agreement: agreement(decisionsOf(main, k), labels),
    r2Q: determination(own, teacher),
    r2V: determination(v, wanted),
    r2VFitted: correlation(v, wanted) ** 2,
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
