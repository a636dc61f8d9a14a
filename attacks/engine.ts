import type { ObservationAttack, ThreatModel } from '../core/attack.ts';
import { assertLength, BudgetError, ShapeError } from '../core/errors.ts';
import type { Head } from '../core/policy.ts';
import type { Rng } from '../core/rng.ts';
import type { Feature } from '../core/space.ts';
import type { GradientAccess } from '../core/victim.ts';
import { firstOutside, linfBall } from './ball/linf.ts';
import { metered } from './meter.ts';

/** What the last step did, per row; views that the engine owns, valid until its next `perturb`. */
export interface Verdict {
  /** [rows] 1 where the discrete decision changed; 0 throughout on a continuous head. */
  readonly success: Uint8Array;
  /** [rows] mean over components of |u(x') − u(x)|, actions on the scale 0 (lowest) … 1 (highest). */
  readonly actionChange: Float64Array;
  /** [rows] norms of x' − x, normalised units. */
  readonly linf: Float64Array;
  readonly l2: Float64Array;
  /** [rows×A] physical actions on the clean and on the perturbed observation. */
  readonly cleanAction: Float64Array;
  readonly action: Float64Array;
}

export interface AttackEngine {
  /**
   * One step of the attack: perturb, confine, verify, judge.
   * @param x [rows×O] clean  @param step since the episode's start  @param rngs [rows]  @param out [rows×O] perturbed
   * @throws {BudgetError} naming row, feature and amount if what is handed out lies outside the threat set.
   */
  perturb(x: Float32Array, rows: number, step: number, rngs: readonly Rng[], out: Float32Array): void;
  /** Rows asked of the victim by the attack so far; judging is free. `rejected`: proposals that were not numbers. */
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
  const [low, span] = actionScale(victim.head);
  let verdict = verdictOf(0, 0);
  let rejected = 0;

  const judge = (x: Float32Array, out: Float32Array, rows: number): void => {
    const actions = victim.actionSize;
    if (verdict.linf.length !== rows) verdict = verdictOf(rows, actions);
    victim.decide(x, rows, verdict.cleanAction);
    victim.decide(out, rows, verdict.action);
    for (let row = 0; row < rows; row++) {
      let largest = 0;
      let squares = 0;
      for (let i = row * size; i < (row + 1) * size; i++) {
        const delta = Math.abs(out[i]! - x[i]!);
        if (delta > largest) largest = delta;
        squares += delta * delta;
      }
      let change = 0;
      for (let b = 0; b < actions; b++) {
        const before = (verdict.cleanAction[row * actions + b]! - low[b]!) / span[b]!;
        const after = (verdict.action[row * actions + b]! - low[b]!) / span[b]!;
        change += Math.abs(after - before);
      }
      verdict.linf[row] = largest;
      verdict.l2[row] = Math.sqrt(squares);
      verdict.actionChange[row] = change / actions;
      verdict.success[row] = victim.head.kind === 'categorical' && change > 0 ? 1 : 0;
    }
  };

  return {
    perturb(x, rows, step, rngs, out) {
      assertLength(x, rows * size, 'x', 'perturb');
      assertLength(out, rows * size, 'out', 'perturb');
      if (rngs.length < rows) throw new ShapeError(`perturb: ${rngs.length} random streams for ${rows} rows`);
      attack.perturb(x, rows, probe, { step, rngs, threat, features }, out);
      ball.around(x, rows, threat);
      rejected += ball.project(out);
      const outside = firstOutside(x, out, rows, threat);
      if (outside >= 0) throw outsideError(x, out, outside, threat, features);
      judge(x, out, rows);
    },
    get meter() {
      return { queries: probe.queries, gradients: probe.gradients, rejected };
    },
    get verdict() {
      return verdict;
    },
    reset(ended) {
      attack.reset?.(ended);
    },
  };
}

function outsideError(
  x: Float32Array,
  out: Float32Array,
  at: number,
  threat: ThreatModel,
  features: readonly Feature[],
): BudgetError {
  const j = at % features.length;
  const row = Math.floor(at / features.length);
  return new BudgetError(
    `lane ${row}, feature '${features[j]!.name}': perturbed from ${x[at]} to ${out[at]}, by ${out[at]! - x[at]!}; ` +
      `allowed ±${threat.epsilon[j]} within ${threat.low[j]} … ${threat.high[j]}`,
  );
}

/** Lowest action and range [A] of each component, for the scale 0…1; a range of 0 counts as 1. */
function actionScale(head: Head): readonly [readonly number[], readonly number[]] {
  const low = head.kind === 'categorical' ? [Math.min(...head.values)] : head.low;
  const high = head.kind === 'categorical' ? [Math.max(...head.values)] : head.high;
  return [low, low.map((value, b) => high[b]! - value || 1)];
}

function verdictOf(rows: number, actions: number): Verdict {
  return {
    success: new Uint8Array(rows),
    actionChange: new Float64Array(rows),
    linf: new Float64Array(rows),
    l2: new Float64Array(rows),
    cleanAction: new Float64Array(rows * actions),
    action: new Float64Array(rows * actions),
  };
}
