import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { Rng } from '../../../core/rng.ts';
import type { LogitModel } from '../../../logits/contract.ts';
import { assistantLoss } from '../../../logits/unlearning/assistant-loss.ts';
import { baselineLoss } from '../../../logits/unlearning/baselines.ts';
import type { Judged } from '../../../logits/unlearning/baselines.ts';
import { descend } from '../../../logits/unlearning/descent.ts';
import { differenceModel } from '../../../logits/unlearning/difference.ts';
import { calibratedAlpha, marginsOf } from '../../../logits/unlearning/margin-rule.ts';
import { drawnBy } from './lessons.ts';
import { questions } from './policy-ground.ts';
import type { PolicyGround, PolicyMarks, Questions } from './policy-ground.ts';
import { joined } from './policy-problem.ts';
import type { Rows } from './policy-problem.ts';
import { isOffset, policyPupil, unlearners } from './unlearners.ts';
import type { Pupil, UnlearnerName } from './unlearners.ts';

/** What one way of repairing the controller comes to. */
export interface PolicyArm extends PolicyMarks {
  readonly arm: string;
  readonly setting: string;
}

/** Which data an assistant gets. */
export interface PolicyAugmentation {
  /** D'_f: incidents with the other features jittered. */
  readonly jittered: boolean;
  /** Regular clean states in D'_r. */
  readonly clean: boolean;
  /** D'_r: the incidents' states with the trigger taken out. */
  readonly removed: boolean;
}

const published: PolicyAugmentation = { jittered: true, clean: true, removed: false };

/** Rows of a step, of what is to be forgotten and as many of what is to be kept. */
const half = 32;
/** Copies of each incident, and by how many deviations they are moved. */
const jitter = { copies: 4, deviations: 1 };
const assistantShape = { rank: 16, alpha: 16, layers: 1 };
/**
 * The share of the held-out incidents that the margin rule dethrones: all. The specification's 0.9 leaves a tenth of them to the intruder, and
 * so aims beside its own bound of 0.08 on attack success; it is shown beside.
 */
const quantiles = { own: 1, specified: 0.9 };
/** No filter: the target is so sure of the malicious action that it would be the only one left. */
const noFilter = 0;

export const policyAlphas = [0.5, 0.75, 1, 1.5, 2, 3];
/** At this α the specification says what is left without regular clean states. */
const specifiedAlpha = 1.5;

export interface PolicyEffort {
  /** Steps of an assistant, and from one look at it to the next. */
  readonly assistant: { readonly steps: number; readonly every: number; readonly learningRate: number };
  /** Steps of a conventional unlearner, and from one look to the next; each rate is a trial. */
  readonly conventional: {
    readonly steps: number;
    readonly every: number;
    readonly learningRates: readonly number[];
    /** Of an offset: as many. */
    readonly offsetRates: readonly number[];
  };
}

/** A state that could be chosen, by what it does on validation rows. */
interface Candidate<State> {
  readonly setting: string;
  readonly state: State;
  readonly balance: number;
}

/** Harmonic mean of the share of incidents not repeated and the accuracy on clean rows. */
function balanceOf({ success, clean }: { readonly success: number; readonly clean: number }): number {
  const refused = 1 - success;
  return refused + clean === 0 ? 0 : (2 * refused * clean) / (refused + clean);
}

/** Of equals the first. */
function best<State>(candidates: readonly Candidate<State>[]): Candidate<State> | undefined {
  const most = Math.max(...candidates.map(({ balance }) => balance));
  return candidates.find(({ balance }) => balance === most);
}

interface AssistantState {
  readonly weights: Float32Array;
  readonly alpha: number;
  /** What the specified quantile would have been content with. */
  readonly specified: number;
}

/** ULD and its ablations on a poisoned controller. */
export async function uldArms(
  ground: PolicyGround,
  betas: readonly number[],
  effort: PolicyEffort,
  rng: Rng,
): Promise<PolicyArm[]> {
  const { tf, target } = ground;
  const out: PolicyArm[] = [];
  /** Of each β the best; and before them the best of these. */
  const train = async (augmentation: PolicyAugmentation): Promise<(Candidate<AssistantState> | undefined)[]> => {
    const each: (Candidate<AssistantState> | undefined)[] = [];
    for (const beta of betas) each.push(best(await assistantCandidates(ground, beta, augmentation, effort, rng)));
    return [best(each.filter((candidate) => candidate !== undefined)), ...each];
  };
  const [chosen, ...each] = await train(published);
  const judge = async (
    arm: string,
    candidate: Candidate<AssistantState> | undefined,
    alpha?: number,
    filterRate: number = noFilter,
  ): Promise<void> => {
    if (candidate === undefined) return;
    using assistant = target.assistant(assistantShape, rng.split('adapters'));
    assistant.trained.write(candidate.state.weights);
    const model = differenceModel(tf, target, assistant, { alpha: alpha ?? candidate.state.alpha, filterRate });
    out.push({ arm, setting: candidate.setting, ...(await ground.marks(model)) });
  };
  await judge('ULD', chosen);
  await judge('ULD, α that dethrones 0.9 of the incidents', chosen, chosen?.state.specified);
  for (const alpha of policyAlphas) await judge(`ULD at α ${alpha}`, chosen, alpha);
  await judge('ULD, filter 0.01', chosen, undefined, 0.01);
  for (const [i, beta] of betas.entries()) await judge(`ULD, only β ${beta}`, each[i]);
  for (const [arm, augmentation] of [
    ['ULD, trigger-removed states too', { ...published, removed: true }],
    ['ULD, no jittered copies', { ...published, jittered: false }],
    ['ULD, no regular clean states', { ...published, clean: false, removed: true }],
  ] as const) {
    const [candidate] = await train(augmentation);
    await judge(arm, candidate);
    if (!augmentation.clean) await judge(`${arm}, at α ${specifiedAlpha}`, candidate, specifiedAlpha);
  }
  return out;
}

async function assistantCandidates(
  ground: PolicyGround,
  beta: number,
  augmentation: PolicyAugmentation,
  { assistant: effort }: PolicyEffort,
  rng: Rng,
): Promise<Candidate<AssistantState>[]> {
  const { tf, target, problem, validation } = ground;
  const { inputs } = problem;
  const remembered = questions(tf, forgetRows(ground, augmentation.jittered, rng.split('jitter')), inputs);
  const flattened = questions(tf, retainRows(ground, augmentation, rng.split('removed')), inputs);
  const held = questions(tf, validation.incidents, inputs);
  const [drawF, drawR] = [
    drawnBy(remembered.count, half, rng.split('forget')),
    drawnBy(flattened.count, half, rng.split('retain')),
  ];
  using assistant = target.assistant(assistantShape, rng.split('adapters'));
  const loss = (step: number): Tensor => {
    const f = rowsOf(remembered, drawF(step), tf);
    const r = rowsOf(flattened, drawR(step), tf);
    const labels = tf.concat([f.labels, tf.zeros([half], 'int32').sub(tf.scalar(100, 'int32'))]);
    const uniform = tf.concat([tf.zeros([half]), tf.ones([half])]);
    return assistantLoss(tf, assistant.logits(tf.concat([f.x, r.x])), labels, uniform, beta);
  };
  const candidates: Candidate<AssistantState>[] = [];
  await descend(tf, assistant.trained, loss, {
    ...effort,
    onCheckpoint: async (step) => {
      const [z, za] = [target.logits(held.x), assistant.logits(held.x)];
      const margins = await marginsOf(tf, z, za, held.labels, noFilter);
      const [alpha, specified] = [
        calibratedAlpha(margins, quantiles.own),
        calibratedAlpha(margins, quantiles.specified),
      ];
      tf.dispose([z, za]);
      if (!Number.isFinite(alpha)) return;
      const model = differenceModel(tf, target, assistant, { alpha, filterRate: noFilter });
      candidates.push({
        setting: `β ${beta}, ${step} steps, α* ${alpha.toPrecision(3)}`,
        state: { weights: (await assistant.trained.read()).slice(), alpha, specified },
        balance: balanceOf(await ground.glance(model)),
      });
    },
  });
  tf.dispose([remembered, flattened, held].flatMap(({ x, labels }) => [x, labels]));
  return candidates;
}

/** A conventional unlearner: as chosen, and at its last step with each learning rate. */
export async function conventionalArms(
  ground: PolicyGround,
  name: UnlearnerName,
  { conventional: { steps, every, learningRates, offsetRates } }: PolicyEffort,
  rng: Rng,
): Promise<PolicyArm[]> {
  const { tf, target, problem, evidence } = ground;
  const { inputs } = problem;
  const baseline = unlearners[name];
  const pupilOf = (): Pupil<Tensor2D> =>
    policyPupil(tf, target, ground.parameters, name, assistantShape, rng.split('adapters'));
  const forget = questions(tf, forgetRows(ground, true, rng.split('jitter')), inputs);
  const retain = questions(tf, evidence.clean, inputs);
  const [drawF, drawR] = [
    drawnBy(forget.count, half, rng.split('forget')),
    drawnBy(retain.count, half, rng.split('retain')),
  ];
  const out: PolicyArm[] = [];
  const candidates: Candidate<Float32Array>[] = [];
  for (const learningRate of isOffset(name) ? offsetRates : learningRates) {
    using pupil = pupilOf();
    const { learner: model } = pupil;
    const judged = (of: Questions, rows: readonly number[]): Judged => {
      const { x, labels } = rowsOf(of, rows, tf);
      return { z: model.logits(x), reference: target.logits(x), labels };
    };
    const loss = (step: number): Tensor =>
      baselineLoss(tf, baseline, {
        forget: judged(forget, drawF(step)),
        retain: { ...judged(retain, drawR(step)), rows: tf.ones([half]) },
      });
    await descend(tf, model.trained, loss, {
      steps,
      every,
      learningRate,
      onCheckpoint: async (step) => {
        candidates.push({
          setting: `rate ${learningRate}, ${step} steps`,
          state: (await model.trained.read()).slice(),
          balance: balanceOf(await ground.glance(model)),
        });
        if (name.endsWith('+KL') && !isOffset(name))
          out.push({
            arm: `${name}, rate ${learningRate}, ${step} steps`,
            setting: '',
            ...(await ground.marks(model)),
          });
      },
    });
  }
  tf.dispose([forget, retain].flatMap(({ x, labels }) => [x, labels]));
  const chosen = best(candidates);
  if (chosen !== undefined) {
    using pupil = pupilOf();
    pupil.learner.trained.write(chosen.state);
    out.unshift({ arm: name, setting: chosen.setting, ...(await ground.marks(pupil.learner)) });
  }
  return out;
}

function rowsOf(
  { x, labels }: Questions,
  rows: readonly number[],
  tf: PolicyGround['tf'],
): { x: Tensor2D; labels: Tensor } {
  const at = tf.tensor1d([...rows], 'int32');
  return { x: tf.gather(x, at), labels: tf.gather(labels, at) };
}

/** Incidents, and copies of them in which all but the trigger is moved. */
function forgetRows({ evidence: { incidents }, problem }: PolicyGround, jittered: boolean, rng: Rng): Rows {
  if (!jittered) return incidents;
  const { inputs, scale, trigger } = problem;
  const copies = Array.from({ length: jitter.copies }, (): Rows => ({
    actions: incidents.actions,
    x: incidents.x.map((value, at) => {
      const feature = at % inputs;
      const moved = jitter.deviations * scale[feature]! * rng.normal();
      return trigger.features.includes(feature) ? value : value + moved;
    }),
  }));
  return joined(incidents, ...copies);
}

/** Clean states, and the incidents' with the values of clean ones in the place of the trigger. */
function retainRows({ evidence, problem }: PolicyGround, { clean, removed }: PolicyAugmentation, rng: Rng): Rows {
  const { inputs, trigger } = problem;
  const x = evidence.incidents.x.slice();
  for (let at = 0; at < x.length; at += inputs) {
    const row = rng.int(evidence.clean.actions.length);
    for (const feature of trigger.features) x[at + feature] = evidence.clean.x[row * inputs + feature]!;
  }
  return joined(...(clean ? [evidence.clean] : []), ...(removed ? [{ x, actions: evidence.incidents.actions }] : []));
}

/** A model as it is. */
export async function plainArm(ground: PolicyGround, arm: string, model: LogitModel<Tensor2D>): Promise<PolicyArm> {
  return { arm, setting: '', ...(await ground.marks(model)) };
}
