import type { ObservationAttack, ThreatModel, ThreatSet } from '../core/attack.ts';
import { assertLength, ShapeError } from '../core/errors.ts';
import type { Rng } from '../core/rng.ts';
import type { Feature } from '../core/space.ts';
import type { AsyncGradientAccess, GradientAccess } from '../core/victim.ts';
import { firstOutside, linfBall } from './ball/linf.ts';
import type { Tally } from './meter.ts';
import { judge, outsideError, verdictOf } from './verdict.ts';
import type { Verdict } from './verdict.ts';

/** What an engine does about an attack, whether its victim answers at once or later. The order of a step: begin, confine, judge. */
export interface House {
  /** Rows asked of the victim by the attack so far, the sums of what every verdict counts by row; judging is free. `rejected`: proposals that were not numbers. */
  readonly meter: { readonly queries: number; readonly gradients: number; readonly rejected: number };
  readonly verdict: Verdict;
  /** The threat sets around the rows of the step that was begun. */
  readonly set: ThreatSet;
  /** Checks the arrays of a step, puts the threat sets around its rows and begins its count. @throws {ShapeError} */
  begin(x: Float32Array, rows: number, rngs: readonly Rng[], out: Float32Array): void;
  /**
   * Confines what was proposed to the threat set, and verifies it.
   * @returns the verdict, with room for the decisions on both observations
   * @throws {BudgetError} naming row, feature and amount if what is handed out lies outside the threat set.
   */
  confine(x: Float32Array, rows: number, out: Float32Array): Verdict;
  /** Fills the verdict whose two decisions are there. */
  judge(x: Float32Array, rows: number, out: Float32Array): void;
}

/**
 * @param tally what the attack's questions are counted in  @param where the engine, for messages
 * @throws {ShapeError} when threat, features and victim disagree on the number of features.
 * @throws {ConfigError} when the attack has no meaning on the victim's head.
 */
export function house(
  setup: {
    readonly attack: ObservationAttack;
    readonly threat: ThreatModel;
    readonly victim: GradientAccess | AsyncGradientAccess;
    readonly features: readonly Feature[];
  },
  tally: Tally,
  where: string,
): House {
  const { attack, threat, victim, features } = setup;
  const { epsilon, low, high } = threat;
  const size = victim.observationSize;
  for (const [name, part] of Object.entries({ features, epsilon, low, high })) assertLength(part, size, name, where);
  attack.check?.(victim.head);
  const ball = linfBall();
  let verdict = verdictOf(0, 0);
  let rejected = 0;
  return {
    set: ball,
    get meter() {
      return { queries: tally.queries, gradients: tally.gradients, rejected };
    },
    get verdict() {
      return verdict;
    },
    begin(x, rows, rngs, out) {
      assertLength(x, rows * size, 'x', 'perturb');
      assertLength(out, rows * size, 'out', 'perturb');
      if (rngs.length < rows) throw new ShapeError(`perturb: ${rngs.length} random streams for ${rows} rows`);
      tally.begin(rows);
      ball.around(x, rows, threat);
    },
    confine(x, rows, out) {
      rejected += ball.project(out);
      const outside = firstOutside(x, out, rows, threat);
      if (outside >= 0) throw outsideError(x, out, outside, threat, features);
      if (verdict.linf.length !== rows) verdict = verdictOf(rows, victim.actionSize);
      return verdict;
    },
    judge(x, rows, out) {
      judge(verdict, tally, victim.head, x, out, rows);
    },
  };
}
