import { ConfigError } from '../../core/errors.ts';
import type { Head } from '../../core/policy.ts';
import type { Objective } from '../../core/victim.ts';
import { nearestBin } from '../../logits/nearest-bin.ts';
import { argMax } from '../../logits/row.ts';
import type { Floats } from '../../logits/row.ts';

/**
 * One row of an objective on bins: returns the value and writes the gradient [K] at `at`. `label` is the clean bin; `forced` the
 * one to force, −1 for none: it goes before the side.
 */
type CategoricalRow = (
  logits: Floats,
  at: number,
  values: readonly number[],
  label: number,
  side: number,
  forced: number,
  gradient: Floats,
) => number;

/** An objective that has a meaning on bins only, from its row. `check` may ask more of the bins. */
export function categoricalObjective(
  name: string,
  row: CategoricalRow,
  check: (values: readonly number[]) => void = () => {},
): Objective {
  return {
    name,
    check(head) {
      check(binsOf(name, head));
    },
    evaluate(head, logits, goal, rows, value, gradient) {
      const values = binsOf(name, head);
      const size = values.length;
      for (let r = 0, at = 0; r < rows; r++, at += size) {
        const action = goal.action[r]!;
        const forced = Number.isNaN(action) ? -1 : nearestBin(values, action);
        value[r] = row(logits, at, values, argMax(goal.clean, at, size), goal.side[r]!, forced, gradient);
      }
    },
  };
}

/** @throws {ConfigError} unless both sides of zero have a bin. */
export function needBothSides(name: string, values: readonly number[]): void {
  if (!values.some((value) => value < 0) || !values.some((value) => value > 0)) {
    throw new ConfigError(
      `${name} pushes from one side of zero to the other, but the policy's actions are ${values.join(', ')}`,
    );
  }
}

function binsOf(name: string, head: Head): readonly number[] {
  if (head.kind !== 'categorical') {
    throw new ConfigError(
      `objective '${name}' compares the logits of discrete actions, the policy's head is ${head.kind}`,
    );
  }
  if (head.values.length < 2) throw new ConfigError(`objective '${name}' needs at least 2 actions, the policy has 1`);
  return head.values;
}
