import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import type { Rng } from '../../../core/rng.ts';
import { publishedSchedule } from '../../../logits/few-shot/descent.ts';
import type { Schedule } from '../../../logits/few-shot/descent.ts';
import { probeLogits, probeSchedule, trainProbes } from '../../../logits/few-shot/linear-probe.ts';
import { cacheLogits, tipSchedule, trainCaches } from '../../../logits/few-shot/tip-adapter.ts';
import type { CacheSetting } from '../../../logits/few-shot/tip-adapter.ts';
import { publishedSetting, trainHeads, trialLogits } from '../../../logits/few-shot/trials.ts';
import type { AmuSetting, Branches } from '../../../logits/few-shot/trials.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import { chosen, scores } from './problem.ts';
import type { Problem, Rows, Score } from './problem.ts';

/** What a method reached on the test rows. */
export interface ArmScore extends Score {
  readonly arm: string;
  /** The hyperparameters that validation chose; null where none were. */
  readonly setting: string | null;
}

/** α of the ablation, fixed before anything was measured: that of the method's specification, beside logits of scale 12. */
export const fixedAlpha = 2;
export const alphas = [0.5, 1, 2, 4];

const amu: AmuSetting = { ...publishedSetting, alpha: fixedAlpha };
const withoutFusion: AmuSetting = { ...amu, uncertainty: 'none' };

/** The ablation, one ingredient out of each. */
const ablation: readonly (readonly [string, AmuSetting])[] = [
  ['random start, bias loss only', { ...withoutFusion, initialisation: 'random', lambda: 0 }],
  ['random start + MT', { ...withoutFusion, initialisation: 'random' }],
  ['FI, fused loss only', { ...withoutFusion, lambda: 1 }],
];

const tipSettings: readonly CacheSetting[] = [1, 4, 10].flatMap((beta) =>
  [0.5, 1, 2, 4].map((alpha) => ({ alpha, beta })),
);
/** Those that are trained, as many as AMU-Tuning has trials. */
const trainedTipSettings: readonly CacheSetting[] = [1, 4].flatMap((beta) => [1, 4].map((alpha) => ({ alpha, beta })));
const ridges = [1e-4, 1e-3, 1e-2, 1e-1];

/** Every method on one problem. @param effort share of the epochs: 1 but in tests */
export async function runArms(
  tf: Tensorflow,
  problem: Problem,
  rng: Rng,
  batch: number,
  effort = 1,
): Promise<ArmScore[]> {
  const shortened = (schedule: Schedule): Schedule => ({ ...schedule, epochs: Math.ceil(effort * schedule.epochs) });
  const schedule = shortened({ ...publishedSchedule, batch });
  const [zeroShot] = await scores(tf, problem.test.z0.expandDims(0), problem.test.labels);
  return [
    { arm: 'zero-shot', setting: null, ...zeroShot! },
    ...(await amuArms(tf, problem, rng.split('auxiliary'), schedule)),
    ...(await copyArms(tf, problem, rng.split('copy'), schedule)),
    ...(await tipArms(tf, problem, rng.split('tip'), shortened({ ...tipSchedule, batch }))),
    ...(await probeArms(tf, problem, rng.split('probe'), shortened(probeSchedule))),
  ];
}

/** Logits [G×N×C] of rows, by every trial of an arm. */
type Answer = (rows: Rows) => Tensor;

async function judge(tf: Tensorflow, { validation, test }: Problem, answer: Answer): Promise<[Score[], Score[]]> {
  return [await scores(tf, answer(validation), validation.labels), await scores(tf, answer(test), test.labels)];
}

async function amuArms(tf: Tensorflow, problem: Problem, rng: Rng, schedule: Schedule): Promise<ArmScore[]> {
  const grid = (setting: AmuSetting): AmuSetting[] => alphas.map((alpha) => ({ ...setting, alpha }));
  const settings = [...ablation.map(([, setting]) => setting), ...grid(withoutFusion), ...grid(amu)];
  const [validation, test] = await trained(tf, problem, ({ z0, f1 }) => ({ z0, f1 }), settings, rng, schedule);
  const first = { plain: ablation.length, amu: ablation.length + alphas.length };
  const fixed = alphas.indexOf(fixedAlpha);
  const among = (from: number): number[] => alphas.map((_, i) => from + i);
  const best = (from: number): number => chosen(validation, among(from));
  const alpha = (at: number): string => `α ${settings[at]!.alpha}`;
  return [
    ...ablation.map(([arm], i) => ({ arm, setting: null, ...test[i]! })),
    { arm: 'FI + MT', setting: null, ...test[first.plain + fixed]! },
    { arm: 'FI + MT, α chosen', setting: alpha(best(first.plain)), ...test[best(first.plain)]! },
    { arm: 'AMU', setting: null, ...test[first.amu + fixed]! },
    { arm: 'AMU, α chosen', setting: alpha(best(first.amu)), ...test[best(first.amu)]! },
    ...alphas.flatMap((value, i) => [
      { arm: `FI + MT at α ${value}`, setting: null, ...test[first.plain + i]! },
      { arm: `AMU at α ${value}`, setting: null, ...test[first.amu + i]! },
    ]),
  ];
}

/** Without complementary features: the zero-shot encoder's own take the place of the auxiliary ones. */
async function copyArms(tf: Tensorflow, problem: Problem, rng: Rng, schedule: Schedule): Promise<ArmScore[]> {
  const pick = ({ z0, f0 }: Rows): Branches => ({ z0, f1: f0 });
  const [, test] = await trained(tf, problem, pick, [withoutFusion, amu], rng, schedule);
  return [
    { arm: 'same features, FI + MT', setting: null, ...test[0]! },
    { arm: 'same features, AMU', setting: null, ...test[1]! },
  ];
}

async function trained(
  tf: Tensorflow,
  problem: Problem,
  pick: (rows: Rows) => Branches,
  settings: readonly AmuSetting[],
  rng: Rng,
  schedule: Schedule,
): Promise<[Score[], Score[]]> {
  const { labels } = problem.shots;
  const heads = trainHeads(tf, { ...pick(problem.shots), labels }, settings, rng, schedule);
  const judged = await judge(tf, problem, (rows) => trialLogits(tf, pick(rows), heads, settings));
  heads.dispose();
  return judged;
}

/** Tip-Adapter and -F on the features of the zero-shot encoder, as published, and on the auxiliary ones, which is more than they were meant to get. */
async function tipArms(tf: Tensorflow, problem: Problem, rng: Rng, schedule: Schedule): Promise<ArmScore[]> {
  const out: ArmScore[] = [];
  for (const [name, pick] of [
    ['', (rows: Rows): Tensor2D => rows.f0],
    [', auxiliary features', (rows: Rows): Tensor2D => rows.f1],
  ] as const) {
    const { z0, labels } = problem.shots;
    const run = async (arm: string, settings: readonly CacheSetting[], keys: Tensor2D | Tensor3D): Promise<void> => {
      const [validation, test] = await judge(tf, problem, (rows) =>
        cacheLogits(tf, { z0: rows.z0, f: pick(rows) }, keys, labels, settings),
      );
      const best = chosen(
        validation,
        settings.map((_, i) => i),
      );
      const { alpha, beta } = settings[best]!;
      out.push({ arm: `${arm}${name}`, setting: `α ${alpha}, β ${beta}`, ...test[best]! });
    };
    await run('Tip-Adapter', tipSettings, pick(problem.shots));
    const keys = trainCaches(
      tf,
      { z0, f: pick(problem.shots), labels },
      trainedTipSettings,
      rng.split(`keys${name}`),
      schedule,
    );
    await run('Tip-Adapter-F', trainedTipSettings, keys);
    keys.dispose();
  }
  return out;
}

async function probeArms(tf: Tensorflow, problem: Problem, rng: Rng, schedule: Schedule): Promise<ArmScore[]> {
  const out: ArmScore[] = [];
  for (const [name, pick] of [
    ['', (rows: Rows): Tensor2D => rows.f0],
    [', both features', (rows: Rows): Tensor2D => tf.concat([rows.f0, rows.f1], 1)],
  ] as const) {
    const features = tf.tidy(() => pick(problem.shots).clone());
    const probes = trainProbes(tf, features, problem.shots.labels, problem.classes, ridges, rng, schedule);
    const [validation, test] = await judge(tf, problem, (rows) => tf.tidy(() => probeLogits(tf, pick(rows), probes)));
    const best = chosen(
      validation,
      ridges.map((_, i) => i),
    );
    tf.dispose([features, probes]);
    out.push({ arm: `linear probe${name}`, setting: `ridge ${ridges[best]}`, ...test[best]! });
  }
  return out;
}
