import type { AttackContext } from '../../core/attack.ts';
import { headActions } from '../../core/policy.ts';
import type { Head } from '../../core/policy.ts';
import { needBothSides } from '../objective/categorical.ts';
import type { Oracle } from './oracle.ts';

/** What a search on decisions wants of a point. */
export interface Criterion {
  /**
   * `changed`: another bin, or an action moved by at least `threshold` of its range, averaged over the components. `side`: an action on the
   * other side of idle than the clean one.
   */
  readonly wanted: 'changed' | 'side';
  readonly threshold: number;
  /** Goes before `wanted`: all actions on this side of idle (−1 discharge, +1 charge), 0 for none; by step. */
  readonly side: (context: AttackContext) => -1 | 0 | 1;
  /** Whether it ever names one. */
  readonly sided: boolean;
}

/** Asks for decisions alone; the value of a point is 1 where it meets the criterion, else 0. */
export function decisionOracle({ wanted, threshold, side, sided }: Criterion): Oracle<'decision'> {
  let clean = new Float64Array(0);
  let action = new Float64Array(0);
  let rows = new Float32Array(0);
  let own = new Float64Array(0);
  let towards: -1 | 0 | 1 = 0;

  const meets = (head: Head, row: number, k: number): boolean => {
    const actions = headActions(head);
    if (towards !== 0) {
      for (let b = 0; b < actions; b++) if (Math.sign(action[k * actions + b]!) !== towards) return false;
      return true;
    }
    if (wanted === 'side') return onOtherSide(actions, row, k);
    if (head.kind === 'categorical') return action[k] !== clean[row];
    let change = 0;
    for (let b = 0; b < actions; b++) {
      const span = head.high[b]! - head.low[b]! || 1;
      change += Math.abs(action[k * actions + b]! - clean[row * actions + b]!) / span;
    }
    return change / actions >= threshold;
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
      if ((sided || wanted === 'side') && head.kind === 'categorical') needBothSides('a side', head.values);
    },
    begin(x, all, asked, count, victim, context, value) {
      const { observationSize: size } = victim;
      const actions = headActions(victim.head);
      towards = side(context);
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
      for (let k = 0; k < count; k++) value[asked[k]!] = meets(victim.head, asked[k]!, k) ? 1 : 0;
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
