import { goalOf } from '../../core/goal.ts';
import { headActions } from '../../core/policy.ts';
import type { Head } from '../../core/policy.ts';
import type { Goal } from '../../core/victim.ts';
import { nearestBin } from '../../logits/nearest-bin.ts';
import { logitsOfAction } from '../../logits/of-action.ts';
import { needBothSides } from '../objective/categorical.ts';
import type { TargetSchedule } from '../target/schedule.ts';
import type { Oracle } from './oracle.ts';

/** What a search on decisions wants of a point. */
export interface Criterion {
  /**
   * `changed`: another bin, or an action moved by at least `threshold` of its range, averaged over the components. `side`: an action on the
   * other side of idle than the clean one.
   */
  readonly wanted: 'changed' | 'side';
  readonly threshold: number;
  /**
   * Where it names a side or an action for a row, that goes before `wanted`: every component on its side, the bin nearest to the action that is
   * forced, a continuous one within `threshold` of its range. Of the clean logits it sees what their decision says.
   */
  readonly target: TargetSchedule;
}

/** Asks for decisions alone; the value of a point is 1 where it meets the criterion, else 0. */
export function decisionOracle({ wanted, threshold, target }: Criterion): Oracle<'decision'> {
  let clean = new Float64Array(0);
  let action = new Float64Array(0);
  let rows = new Float32Array(0);
  let own = new Float64Array(0);
  let goal: Goal | undefined;

  const meets = (head: Head, row: number, k: number): boolean => {
    const actions = headActions(head);
    let aimed = false;
    for (let b = 0, c = row * actions; b < actions; b++, c++) {
      const forced = goal!.action[c]!;
      const side = goal!.side[c]!;
      if (side === 0 && Number.isNaN(forced)) continue;
      aimed = true;
      const now = action[k * actions + b]!;
      if (Number.isNaN(forced) ? Math.sign(now) !== side : !isForced(head, b, now, forced)) return false;
    }
    if (aimed) return true;
    if (wanted === 'side') return onOtherSide(actions, row, k);
    if (head.kind === 'categorical') return action[k] !== clean[row];
    let change = 0;
    for (let b = 0; b < actions; b++) {
      const span = head.high[b]! - head.low[b]! || 1;
      change += Math.abs(action[k * actions + b]! - clean[row * actions + b]!) / span;
    }
    return change / actions >= threshold;
  };
  const isForced = (head: Head, b: number, now: number, forced: number): boolean => {
    if (head.kind === 'categorical') return now === head.values[nearestBin(head.values, forced)];
    const [low, high] = [head.low[b]!, head.high[b]!];
    return Math.abs(now - Math.min(high, Math.max(low, forced))) <= threshold * (high - low);
  };
  const onOtherSide = (actions: number, row: number, k: number): boolean => {
    for (let b = 0; b < actions; b++) {
      const now = Math.sign(action[k * actions + b]!);
      if (now !== 0 && now !== Math.sign(clean[row * actions + b]!)) return true;
    }
    return false;
  };

  return {
    access: 'decision',
    check(head) {
      if ((target.sided || wanted === 'side') && head.kind === 'categorical') needBothSides('a side', head.values);
    },
    begin(x, all, asked, count, victim, context, value) {
      const { observationSize: size } = victim;
      const { head } = victim;
      const actions = headActions(head);
      const outputs = head.kind === 'categorical' ? head.values.length : head.low.length;
      if (goal?.x.length !== x.length || goal.clean.length !== all * outputs)
        goal = goalOf({ observationSize: size, logitsSize: outputs, head }, all);
      goal.x.set(x);
      goal.side.fill(0);
      goal.action.fill(Number.NaN);
      goal.clean.fill(0);
      if (clean.length !== all * actions) clean = new Float64Array(all * actions);
      if (rows.length !== count * size) {
        rows = new Float32Array(count * size);
        own = new Float64Array(count * actions);
      }
      for (let k = 0; k < count; k++) for (let j = 0; j < size; j++) rows[k * size + j] = x[asked[k]! * size + j]!;
      victim.decide(rows, count, own, asked);
      if (action.length < count * actions) action = new Float64Array(count * actions);
      for (let k = 0; k < count; k++)
        for (let b = 0; b < actions; b++)
          action[k * actions + b] = clean[asked[k]! * actions + b] = own[k * actions + b]!;
      for (let k = 0; k < count; k++) logitsOfAction(head, own, k * actions, goal.clean, asked[k]! * outputs);
      target.aim(all, context, goal, victim);
      for (let k = 0; k < count; k++) value[asked[k]!] = meets(head, asked[k]!, k) ? 1 : 0;
    },
    ask(victim, points, count, of, { value, hit, changed }) {
      const { head } = victim;
      const actions = headActions(head);
      if (action.length < count * actions) action = new Float64Array(count * actions);
      victim.decide(points, count, action, of);
      for (let k = 0; k < count; k++) {
        hit[k] = meets(head, of[k]!, k) ? 1 : 0;
        value[k] = hit[k]!;
        changed[k] = (head.kind === 'categorical' ? action[k] !== clean[of[k]!] : hasFlipped(actions, of[k]!, k))
          ? 1
          : 0;
      }
    },
  };

  /** The side as a verdict judges it: from one side of idle to the other. */
  function hasFlipped(actions: number, row: number, k: number): boolean {
    for (let b = 0; b < actions; b++) if (action[k * actions + b]! * clean[row * actions + b]! < 0) return true;
    return false;
  }
}
