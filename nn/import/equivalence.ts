import { ConfigError, DataError } from '../../core/errors.ts';
import { headActions } from '../../core/policy.ts';
import { toNormalised } from '../../core/space.ts';
import type { Policy } from '../policy.ts';
import { decodeAction } from '../victim.ts';
import type { ImportedModel } from './imported-model.ts';

/** Observations in the units that the source reads, and what the source made of them. */
export interface EquivalenceCase {
  /** [rows][O] */
  readonly observations: readonly (readonly number[])[];
  /** [rows][≤K] its raw outputs: logits, means, Q values. */
  readonly outputs?: readonly (readonly number[])[] | undefined;
  /** [rows][A] its deterministic actions: physical values, or the index of a choice. */
  readonly actions?: readonly (readonly number[])[] | undefined;
}

export interface Equivalence {
  readonly rows: number;
  /** What ours was compared with; `evaluation`: the file's own tensors in float64, as no expected values were given. */
  readonly against: readonly ('outputs' | 'actions' | 'evaluation')[];
  readonly maximumDifference: number;
  /** Where that is; for people. */
  readonly where: string;
}

/**
 * The largest absolute difference between an imported policy, as it was written, and its source.
 * @param reads as the policy was composed
 * @throws {DataError} for a row of another length than the policy needs, {ConfigError} without any row.
 */
export function equivalence(
  policy: Policy,
  model: ImportedModel,
  reads: 'normalised' | 'physical',
  { observations, outputs, actions }: EquivalenceCase,
): Equivalence {
  const { network, card } = policy;
  const { features } = card.observation;
  const rows = observations.length;
  if (rows === 0) throw new ConfigError('there is no observation to check against');
  assertRows(observations, 'observation', rows, [features.length]);
  const actionSize = headActions(card.head);
  if (outputs !== undefined)
    assertRows(
      outputs,
      'outputs',
      rows,
      card.head.kind === 'categorical' ? [network.outputs] : [actionSize, network.outputs],
    );
  if (actions !== undefined) assertRows(actions, 'action', rows, [actionSize]);

  const x = Float32Array.from(
    observations.flatMap((row) =>
      row.map((value, i) => (reads === 'physical' ? toNormalised(features[i]!, value) : value)),
    ),
  );
  const logits = new Float32Array(rows * network.outputs);
  network.forward(x, rows, logits);
  const decided = new Float64Array(rows * actionSize);
  decodeAction(card.head, logits, rows, decided);

  let maximumDifference = -1;
  let where = '';
  const compare = (what: string, row: number, column: number, got: number, expected: number): void => {
    const difference = Math.abs(got - expected);
    // Not a comparison with ≤: a difference that is NaN must be found, not passed over.
    if (difference <= maximumDifference || Number.isNaN(maximumDifference)) return;
    maximumDifference = difference;
    where = `row ${row}, ${what} ${column}: got ${got}, expected ${expected}`;
  };
  const { scale, shift } = model.restore ?? { scale: [], shift: [] };
  const compareOutputs = (what: string, expected: ArrayLike<number>, row: number): void => {
    for (let k = 0; k < expected.length; k++) {
      const got = (scale[k] ?? 1) * logits[row * network.outputs + k]! + (shift[k] ?? 0);
      compare(what, row, k, got, expected[k]!);
    }
  };
  for (let row = 0; row < rows; row++) {
    if (outputs !== undefined) compareOutputs('output', outputs[row]!, row);
    if (actions !== undefined)
      for (let a = 0; a < actionSize; a++) {
        const got =
          card.head.kind === 'categorical' ? choice(logits, row, network.outputs) : decided[row * actionSize + a]!;
        compare('action', row, a, got, actions[row]![a]!);
      }
    if (outputs === undefined && actions === undefined)
      compareOutputs('output', model.evaluate(Float64Array.from(observations[row]!)), row);
  }
  const against = [outputs && ('outputs' as const), actions && ('actions' as const)].filter((one) => one !== undefined);
  return { rows, against: against.length === 0 ? ['evaluation'] : against, maximumDifference, where };
}

function choice(logits: Float32Array, row: number, outputs: number): number {
  let best = 0;
  for (let k = 1; k < outputs; k++) if (logits[row * outputs + k]! > logits[row * outputs + best]!) best = k;
  return best;
}

function assertRows(
  rows: readonly (readonly number[])[],
  what: string,
  count: number,
  lengths: readonly number[],
): void {
  if (rows.length !== count)
    throw new DataError(`${rows.length} rows of ${what}, expected ${count} as of observations`);
  const wrong = rows.findIndex((row) => !lengths.includes(row.length));
  if (wrong >= 0)
    throw new DataError(
      `${what} of row ${wrong} has ${rows[wrong]!.length} numbers, expected ${lengths.join(' or ')} of the policy`,
    );
}
