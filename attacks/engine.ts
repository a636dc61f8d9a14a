import type { ObservationAttack, ThreatModel } from '../core/attack.ts';
import { assertLength, ShapeError } from '../core/errors.ts';
import type { Rng } from '../core/rng.ts';
import type { Feature } from '../core/space.ts';
import type { GradientAccess } from '../core/victim.ts';
import { firstOutside, linfBall } from './ball/linf.ts';
import { metered } from './meter.ts';
import { judge, outsideError, verdictOf } from './verdict.ts';
import type { Verdict } from './verdict.ts';

export interface AttackEngine {
  /**
   * One step of the attack: perturb, confine, verify, judge.
   * @param x [rows×O] clean  @param step since the episode's start  @param rngs [rows]  @param out [rows×O] perturbed
   * @throws {BudgetError} naming row, feature and amount if what is handed out lies outside the threat set.
   */
  perturb(x: Float32Array, rows: number, step: number, rngs: readonly Rng[], out: Float32Array): void;
  /** Rows asked of the victim by the attack so far, the sums of what every verdict counts by row; judging is free. `rejected`: proposals that were not numbers. */
  readonly meter: { readonly queries: number; readonly gradients: number; readonly rejected: number };
  readonly verdict: Verdict;
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
}): AttackEngine {
  const { attack, threat, victim, features } = setup;
  const size = victim.observationSize;
  for (const [name, part] of Object.entries({
    features,
    epsilon: threat.epsilon,
    low: threat.low,
    high: threat.high,
  })) {
    assertLength(part, size, name, 'attackEngine');
  }
  attack.check?.(victim.head);
  const probe = metered(victim);
  const ball = linfBall();
  let verdict = verdictOf(0, 0);
  let rejected = 0;

  const decide = (x: Float32Array, out: Float32Array, rows: number): void => {
    if (verdict.linf.length !== rows) verdict = verdictOf(rows, victim.actionSize);
    victim.decide(x, rows, verdict.cleanAction);
    victim.decide(out, rows, verdict.action);
    judge(verdict, probe.tally, victim.head, x, out, rows);
  };

  return {
    perturb(x, rows, step, rngs, out) {
      assertLength(x, rows * size, 'x', 'perturb');
      assertLength(out, rows * size, 'out', 'perturb');
      if (rngs.length < rows) throw new ShapeError(`perturb: ${rngs.length} random streams for ${rows} rows`);
      probe.tally.begin(rows);
      attack.perturb(x, rows, probe, { step, rngs, threat, features }, out);
      ball.around(x, rows, threat);
      rejected += ball.project(out);
      const outside = firstOutside(x, out, rows, threat);
      if (outside >= 0) throw outsideError(x, out, outside, threat, features);
      decide(x, out, rows);
    },
    get meter() {
      return { queries: probe.tally.queries, gradients: probe.tally.gradients, rejected };
    },
    get verdict() {
      return verdict;
    },
    reset(ended) {
      attack.reset?.(ended);
    },
  };
}
