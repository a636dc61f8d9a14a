import type { Rng } from '../../../core/rng.ts';
import { publishedSchedule } from '../../../logits/few-shot/descent.ts';
import type { Schedule } from '../../../logits/few-shot/descent.ts';
import { rowHeadLogits, trainRowHead } from '../../../logits/few-shot/row/heads.ts';
import type { RowAmuSetting } from '../../../logits/few-shot/row/heads.ts';
import { probeLogits, probeSchedule, trainProbe } from '../../../logits/few-shot/row/linear-probe.ts';
import { cacheLogits, tipSchedule, trainCache } from '../../../logits/few-shot/row/tip-adapter.ts';
import type { CacheSetting } from '../../../logits/few-shot/row/tip-adapter.ts';
import { publishedSetting } from '../../../logits/few-shot/trials.ts';
import { auxiliaryFeatures, bothFeatures, zeroShotFeatures } from './problem.ts';
import type { FeaturePick, Rows } from './problem.ts';

/** Logits [N×C] of rows, by each setting of a method that has learned. */
export type Answer = (rows: Rows) => readonly Float64Array[];

/** How much is learned. */
export interface Effort {
  /** Rows a step of AMU-Tuning and Tip-Adapter-F. */
  readonly batch: number;
  /** Share of the methods' epochs: 1 but in tests. */
  readonly share?: number | undefined;
}

/** A method with the settings that validation may choose from. */
export interface Method {
  readonly name: string;
  readonly settings: readonly string[];
  /** Learns with every setting from the same shots. */
  readonly learn: (shots: Rows, rng: Rng, effort: Effort) => Answer;
}

/** α of the ablation, fixed before anything was measured: that of the method's specification, beside logits of scale 12. */
export const fixedAlpha = 2;
export const alphas = [0.5, 1, 2, 4];
export const alphaText = (alpha: number): string => `α ${alpha}`;

const amu: RowAmuSetting = { ...publishedSetting, uncertainty: 'kurtosis', alpha: fixedAlpha };
const withoutFusion: RowAmuSetting = { ...amu, uncertainty: 'none' };

const tipSettings: readonly CacheSetting[] = [1, 4, 10].flatMap((beta) =>
  [0.5, 1, 2, 4].map((alpha) => ({ alpha, beta })),
);
/** Those that are trained, as many as AMU-Tuning has trials. */
const trainedTipSettings: readonly CacheSetting[] = [1, 4].flatMap((beta) => [1, 4].map((alpha) => ({ alpha, beta })));
const ridges = [1e-4, 1e-3, 1e-2, 1e-1];

/**
 * Every method: AMU-Tuning, without each of its ingredients, and the baselines, some of them with more than they were meant to get.
 * @param ablation α that the methods without an ingredient are tried with
 */
export function methodsWith(ablation: readonly number[]): readonly Method[] {
  return [
    { name: 'zero-shot', settings: [''], learn: () => (rows) => [rows.z0] },
    amuMethod('random start, bias loss only', { ...withoutFusion, initialisation: 'random', lambda: 0 }, ablation),
    amuMethod('random start + MT', { ...withoutFusion, initialisation: 'random' }, ablation),
    amuMethod('FI, fused loss only', { ...withoutFusion, lambda: 1 }, ablation),
    amuMethod('FI + MT', withoutFusion, alphas),
    amuMethod('AMU', amu, alphas),
    // Without complementary features: the zero-shot encoder's own take the place of the auxiliary ones.
    amuMethod('same features, FI + MT', withoutFusion, ablation, zeroShotFeatures),
    amuMethod('same features, AMU', amu, ablation, zeroShotFeatures),
    tipMethod('Tip-Adapter', zeroShotFeatures),
    trainedTipMethod('Tip-Adapter-F', zeroShotFeatures),
    tipMethod('Tip-Adapter, auxiliary features', auxiliaryFeatures),
    trainedTipMethod('Tip-Adapter-F, auxiliary features', auxiliaryFeatures),
    probeMethod('linear probe', zeroShotFeatures),
    probeMethod('linear probe, both features', bothFeatures),
  ];
}

/** AMU-Tuning on the logits of a detector that has learned, in the place of the rules'. */
export const amuOnLearned: Method = amuMethod('AMU on the unadapted detector, both features', amu, alphas);

function shortened(schedule: Schedule, { share = 1 }: Effort): Schedule {
  return { ...schedule, epochs: Math.ceil(share * schedule.epochs) };
}

function amuMethod(
  name: string,
  setting: RowAmuSetting,
  tried: readonly number[],
  pick: FeaturePick = auxiliaryFeatures,
): Method {
  const settings = tried.map((alpha) => ({ ...setting, alpha }));
  return {
    name,
    settings: tried.map(alphaText),
    learn(shots, rng, effort) {
      const schedule = shortened({ ...publishedSchedule, batch: effort.batch }, effort);
      const heads = settings.map((one) => trainRowHead(pick(shots), one, rng, schedule));
      return (rows) => settings.map((one, i) => rowHeadLogits(pick(rows), heads[i]!, one));
    },
  };
}

function tipText({ alpha, beta }: CacheSetting): string {
  return `α ${alpha}, β ${beta}`;
}

function tipMethod(name: string, pick: FeaturePick): Method {
  return {
    name,
    settings: tipSettings.map(tipText),
    learn: (shots) => (rows) => cacheLogits(pick(rows), pick(shots).f, shots.labels, tipSettings),
  };
}

function trainedTipMethod(name: string, pick: FeaturePick): Method {
  return {
    name,
    settings: trainedTipSettings.map(tipText),
    learn(shots, rng, effort) {
      const schedule = shortened({ ...tipSchedule, batch: effort.batch }, effort);
      const keys = trainedTipSettings.map((setting) => trainCache(pick(shots), setting, rng, schedule));
      return (rows) =>
        trainedTipSettings.map((setting, i) => cacheLogits(pick(rows), keys[i]!, shots.labels, [setting])[0]!);
    },
  };
}

function probeMethod(name: string, pick: FeaturePick): Method {
  return {
    name,
    settings: ridges.map((ridge) => `ridge ${ridge}`),
    learn(shots, rng, effort) {
      const probes = ridges.map((ridge) => trainProbe(pick(shots), ridge, rng, shortened(probeSchedule, effort)));
      return (rows) => probes.map((probe) => probeLogits(pick(rows), probe));
    },
  };
}
