import type { Rng } from '../../../core/rng.ts';
import type { Schedule } from '../../../logits/few-shot/descent.ts';
import { probeLogits, trainProbe } from '../../../logits/few-shot/row/linear-probe.ts';
import { joined } from './building-rows.ts';
import { chosen, meanScore, scoreOf } from './problem.ts';
import type { FeaturePick, Rows } from './problem.ts';
import type { MethodScores } from './shot-figures.ts';

/** A detector that was learned on the known buildings and is used on the new one as it is. */
export interface UnadaptedDetector {
  readonly scores: MethodScores;
  /** Its logits [N×C] on each building: on a known one, of its twin that has not seen that building. */
  readonly logits: readonly Float64Array[];
}

const ridges = [1e-5, 1e-4, 1e-3, 1e-2];
const schedule: Schedule = { epochs: 40, batch: 128, learningRate: 0.05, weightDecay: 0, epsilon: 1e-8 };

/**
 * Logistic regression on all windows of the known buildings; its ridge is the one that does best where each of them in turn is left out.
 * @param buildings the new one last  @param share of the epochs: 1 but in tests
 */
export function unadaptedDetector(
  method: string,
  pick: FeaturePick,
  buildings: readonly Rows[],
  random: Rng,
  share = 1,
): UnadaptedDetector {
  const [sources, target] = [buildings.slice(0, -1), buildings.at(-1)!];
  const shortened = { ...schedule, epochs: Math.ceil(share * schedule.epochs) };
  const trials = ridges.map((ridge) => {
    const learned = (from: readonly Rows[], on: Rows): Float64Array =>
      probeLogits(pick(on), trainProbe(pick(joined(from)), ridge, random.split(method), shortened));
    const held = sources.map((place, b) =>
      learned(
        sources.filter((_, other) => other !== b),
        place,
      ),
    );
    const logits = [...held, learned(sources, target)];
    return {
      setting: `ridge ${ridge}`,
      validation: meanScore(held.map((own, b) => scoreOf(own, sources[b]!))),
      test: scoreOf(logits.at(-1)!, target),
      logits,
    };
  });
  const best = chosen(trials.map(({ validation }) => validation));
  return {
    scores: { method, settings: trials.map(({ setting, validation, test }) => ({ setting, validation, test })) },
    logits: trials[best]!.logits,
  };
}
