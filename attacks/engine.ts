import type { ObservationAttack, ThreatModel } from '../core/attack.ts';
import type { PlantModel } from '../core/plant-model.ts';
import type { Rng } from '../core/rng.ts';
import type { Feature } from '../core/space.ts';
import type { DifferentiableScore, GradientAccess } from '../core/victim.ts';
import { house } from './house.ts';
import type { House } from './house.ts';
import { metered } from './meter.ts';

export interface AttackEngine extends Pick<House, 'meter' | 'verdict'> {
  /**
   * One step of the attack: perturb, confine, verify, judge.
   * @param x [rows×O] clean  @param step since the episode's start  @param rngs [rows]  @param out [rows×O] perturbed
   * @throws {BudgetError} naming row, feature and amount if what is handed out lies outside the threat set or a query budget is overrun.
   */
  perturb(x: Float32Array, rows: number, step: number, rngs: readonly Rng[], out: Float32Array): void;
  /**
   * What the controllers did on what was shown last, where that is not what the victim decides on it (a rule, a tampered command). Constraints
   * that follow the battery read it. @param action [rows×A] physical
   */
  acted(action: Float64Array): void;
  /** @param ended [rows] 1 where an episode just ended */
  reset(ended: Uint8Array): void;
}

/**
 * The house's half of an attack: an attack proposes, the engine confines what it proposed to the threat set, meters its
 * queries and judges its effect.
 * @throws {ShapeError} when threat, features and victim disagree on the number of features.
 * @throws {ConfigError} when the attack has no meaning on the victim's head.
 */
export function attackEngine(setup: {
  readonly attack: ObservationAttack;
  readonly threat: ThreatModel;
  readonly victim: GradientAccess;
  readonly features: readonly Feature[];
  readonly plant?: PlantModel | undefined;
  readonly apart?: boolean | undefined;
  /** What an attack that evades detectors is told of them. */
  readonly alarm?: DifferentiableScore | undefined;
}): AttackEngine {
  const { attack, threat, victim, features, alarm } = setup;
  const probe = metered(victim);
  const ours = house(setup, probe.tally, 'attackEngine');
  return {
    perturb(x, rows, step, rngs, out) {
      ours.begin(x, rows, rngs, out);
      const { set, foresee, queriesLeft, found } = ours;
      attack.perturb(x, rows, probe, { step, rngs, threat, set, foresee, features, alarm, queriesLeft, found }, out);
      const { cleanAction, action } = ours.confine(x, rows, out);
      victim.decide(x, rows, cleanAction);
      victim.decide(out, rows, action);
      ours.judge(x, rows, out);
    },
    get meter() {
      return ours.meter;
    },
    get verdict() {
      return ours.verdict;
    },
    acted(action) {
      ours.acted(action);
      attack.acted?.(action);
    },
    reset(ended) {
      ours.reset(ended);
      attack.reset?.(ended);
    },
  };
}
