import type { AttackSpec } from '../core/scenario.ts';
import { rng } from '../core/rng.ts';
import { DataError } from '../core/errors.ts';
import type { Feature } from '../core/space.ts';
import type { GradientAccess } from '../core/victim.ts';
import { attacks } from '../attacks/index.ts';
import type { AttackName } from '../attacks/index.ts';
import { attackEngine } from '../attacks/engine.ts';
import { threatModel } from '../attacks/threat.ts';

/** What an attack did to a fixed batch of observations. */
export interface BatchResult {
  /** [rows×O] normalised. */
  readonly adversarial: Float32Array;
  readonly success: { readonly rate: number | null; readonly meanAbsoluteActionChange: number };
  readonly norms: { readonly linfMax: number; readonly linfMean: number; readonly l2Mean: number };
  readonly queries: number;
  readonly gradients: number;
}

/** Rows that share one batch of gradients: enough to feed the kernel, few enough to report progress. */
const chunk = 96;

/**
 * Perturbs recorded observations open loop. Row r is step r of its episode, so that a toggled target alternates along the file.
 * Yields the number of rows done after each chunk; returns the result.
 */
export function* attackBatch(
  x: Float32Array,
  features: readonly Feature[],
  victim: GradientAccess,
  spec: AttackSpec,
  seed: number,
): Generator<number, BatchResult, void> {
  const size = features.length;
  const rows = x.length / size;
  const attack = attacks[spec.name as AttackName].make(spec.config);
  const engine = attackEngine({ attack, threat: threatModel(spec.threat, features), victim, features });
  const root = rng(seed).split('attack').split(spec.name);
  const adversarial = new Float32Array(x.length);
  let linfMax = 0;
  let linfSum = 0;
  let l2Sum = 0;
  let successes = 0;
  let changes = 0;
  // A schedule that reads the step's parity needs rows of one parity together: even rows first, then odd ones.
  const order = [...Array(rows).keys()].sort((a, b) => (a % 2) - (b % 2) || a - b);
  let done = 0;
  while (done < rows) {
    const parity = order[done]! % 2;
    const indices = order.slice(done, done + chunk).filter((row) => row % 2 === parity);
    const batch = new Float32Array(indices.length * size);
    indices.forEach((row, k) => batch.set(x.subarray(row * size, (row + 1) * size), k * size));
    const out = new Float32Array(batch.length);
    engine.perturb(
      batch,
      indices.length,
      parity,
      indices.map((row) => root.split(row)),
      out,
    );
    const { verdict } = engine;
    indices.forEach((row, k) => {
      adversarial.set(out.subarray(k * size, (k + 1) * size), row * size);
      linfMax = Math.max(linfMax, verdict.linf[k]!);
      linfSum += verdict.linf[k]!;
      l2Sum += verdict.l2[k]!;
      successes += verdict.success[k]!;
      changes += verdict.actionChange[k]!;
    });
    done += indices.length;
    yield done;
  }
  return {
    adversarial,
    success: {
      rate: victim.head.kind === 'categorical' ? successes / rows : null,
      meanAbsoluteActionChange: changes / rows,
    },
    norms: { linfMax, linfMean: linfSum / rows, l2Mean: l2Sum / rows },
    queries: engine.meter.queries,
    gradients: engine.meter.gradients,
  };
}

/**
 * Orders a table's columns as a policy observes them.
 * @param head column names  @param columns [column][row]
 * @throws {DataError} naming the first column that is missing and the first value that is not a normalised number.
 */
export function observationRows(
  file: string,
  head: readonly string[],
  columns: readonly Float64Array[],
  features: readonly Feature[],
): Float32Array {
  const at = features.map((feature) => {
    const index = head.indexOf(feature.name);
    if (index < 0)
      throw new DataError(`no column '${feature.name}'; the file has ${head.join(', ')}`, { place: { file, line: 1 } });
    return index;
  });
  const rows = columns[0]?.length ?? 0;
  if (rows === 0) throw new DataError('no rows', { place: { file, line: 2 } });
  const x = new Float32Array(rows * features.length);
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < features.length; j++) {
      const value = columns[at[j]!]![row]!;
      if (!Number.isFinite(value))
        throw new DataError(`'${features[j]!.name}' is ${value}, expected a normalised number`, {
          place: { file, line: row + 2, column: at[j]! + 1 },
        });
      x[row * features.length + j] = value;
    }
  }
  return x;
}
