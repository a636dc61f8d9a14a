import type { ActionAttack } from '../../core/attack.ts';
import { assertLength, BudgetError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import type { Feature } from '../../core/space.ts';
import { never } from '../meter.ts';
import { sideChanged, verdictOf } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';

/** The house's half of an attack on actions: what was decided goes in, what will be done comes out, verified and judged. */
export interface ActionEngine {
  /**
   * @param action [rows×A] physical, decided; then what is done
   * @throws {BudgetError} naming row and component if what is to be done is not a number, outside the range, or further from what was decided
   * than the attack's bound.
   */
  tamper(action: Float64Array, rows: number, step: number, rngs: readonly Rng[]): void;
  readonly verdict: Verdict;
}

/** @param features of the action, with its range  @param discrete whether the controller chooses among bins */
export function actionEngine(setup: {
  readonly attack: ActionAttack;
  readonly features: readonly Feature[];
  readonly discrete: boolean;
}): ActionEngine {
  const { attack, features, discrete } = setup;
  const actions = features.length;
  let verdict = verdictOf(0, 0);
  return {
    tamper(action, rows, step, rngs) {
      assertLength(action, rows * actions, 'action', 'tamper');
      if (verdict.linf.length !== rows) {
        verdict = verdictOf(rows, actions);
        verdict.foundAfter.fill(never);
      }
      verdict.cleanAction.set(action);
      attack.tamper(verdict.cleanAction, rows, { step, rngs, features }, action);
      for (let row = 0; row < rows; row++) {
        let change = 0;
        for (let b = 0; b < actions; b++) {
          const { low, high, name } = features[b]!;
          const decided = verdict.cleanAction[row * actions + b]!;
          const done = action[row * actions + b]!;
          const inRange = done >= Math.min(low, decided) && done <= Math.max(high, decided);
          if (!inRange || Math.abs(done - decided) > attack.bound * (1 + 1e-12))
            throw new BudgetError(
              `lane ${row}, action '${name}': tampered from ${decided} to ${done}; allowed ±${attack.bound} within ${low} … ${high}`,
            );
          change += Math.abs(done - decided) / (high - low || 1);
        }
        verdict.action.set(action.subarray(row * actions, (row + 1) * actions), row * actions);
        verdict.actionChange[row] = change / actions;
        verdict.success[row] = discrete && change > 0 ? 1 : 0;
        if (discrete ? change > 0 : sideChanged(verdict, row, actions)) verdict.foundAfter[row] = 0;
        else verdict.foundAfter[row] = never;
      }
    },
    get verdict() {
      return verdict;
    },
  };
}
