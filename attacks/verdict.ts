import type { ThreatModel } from '../core/attack.ts';
import { BudgetError } from '../core/errors.ts';
import type { Head } from '../core/policy.ts';
import type { Feature } from '../core/space.ts';
import { never } from './meter.ts';
import type { ConstraintVerdict } from './constraint/constrained-set.ts';
import type { Tally } from './meter.ts';

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
  /** [rows] what the attack asked of the victim for each row: forward passes and gradients. */
  readonly queries: Uint32Array;
  readonly gradients: Uint32Array;
  /**
   * [rows] queries after which a change of the decision was first found, the side on a continuous head; `never` where what was handed out
   * changes nothing.
   */
  readonly foundAfter: Uint32Array;
  /** How each constraint fared. */
  readonly constraints: readonly ConstraintVerdict[];
}

/** A verdict with room for so many rows. */
export function verdictOf(rows: number, actions: number, constraints: readonly ConstraintVerdict[] = []): Verdict {
  return {
    success: new Uint8Array(rows),
    actionChange: new Float64Array(rows),
    linf: new Float64Array(rows),
    l2: new Float64Array(rows),
    cleanAction: new Float64Array(rows * actions),
    action: new Float64Array(rows * actions),
    queries: new Uint32Array(rows),
    gradients: new Uint32Array(rows),
    foundAfter: new Uint32Array(rows),
    constraints,
  };
}

/** Fills a verdict whose two decisions are there. @param tally of the batch  @param x, out [rows×O] */
export function judge(
  verdict: Verdict,
  tally: Tally,
  head: Head,
  x: Float32Array,
  out: Float32Array,
  rows: number,
): void {
  verdict.queries.set(tally.rowQueries);
  verdict.gradients.set(tally.rowGradients);
  const [low, span] = actionScale(head);
  const size = x.length / rows;
  const actions = low.length;
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
    verdict.success[row] = head.kind === 'categorical' && change > 0 ? 1 : 0;
    const changed = head.kind === 'categorical' ? change > 0 : sideChanged(verdict, row, actions);
    verdict.foundAfter[row] = changed ? Math.min(tally.foundAfter[row]!, tally.rowQueries[row]!) : never;
  }
}

/** Whether any of a row's actions went from one side of idle to the other. */
export function sideChanged({ cleanAction, action }: Verdict, row: number, actions: number): boolean {
  for (let at = row * actions; at < (row + 1) * actions; at++) if (cleanAction[at]! * action[at]! < 0) return true;
  return false;
}

/** The error of a number outside its threat set. @param at its index in [rows×O] */
export function outsideError(
  x: Float32Array,
  out: Float32Array,
  at: number,
  threat: ThreatModel,
  features: readonly Feature[],
): BudgetError {
  const j = at % features.length;
  const row = Math.floor(at / features.length);
  const together = {
    linf: '',
    l2: ', and all features together an L2 norm of 1 in units of their epsilons',
    l1: ', and all features together an L1 norm of 1 in units of their epsilons',
    l0: `, and ${threat.sensors} features at once`,
  }[threat.norm];
  return new BudgetError(
    `lane ${row}, feature '${features[j]!.name}': perturbed from ${x[at]} to ${out[at]}, by ${out[at]! - x[at]!}; ` +
      `allowed ±${threat.epsilon[j]} within ${threat.low[j]} … ${threat.high[j]}${together}`,
  );
}

/** Lowest action and range [A] of each component, for the scale 0…1; a range of 0 counts as 1. */
function actionScale(head: Head): readonly [readonly number[], readonly number[]] {
  const low = head.kind === 'categorical' ? [Math.min(...head.values)] : head.low;
  const high = head.kind === 'categorical' ? [Math.max(...head.values)] : head.high;
  return [low, low.map((value, b) => high[b]! - value || 1)];
}
