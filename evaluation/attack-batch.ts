import type { ObservationAttack } from '../core/attack.ts';
import type { AttackSpec } from '../core/scenario.ts';
import { rng } from '../core/rng.ts';
import { ConfigError, DataError } from '../core/errors.ts';
import type { Head } from '../core/policy.ts';
import type { Feature } from '../core/space.ts';
import type { GradientAccess } from '../core/victim.ts';
import { actionAttacks } from '../attacks/action/index.ts';
import { attacks } from '../attacks/index.ts';
import type { AttackName } from '../attacks/index.ts';
import { attackEngine } from '../attacks/engine.ts';
import type { AttackEngine } from '../attacks/engine.ts';
import { never } from '../attacks/meter.ts';
import { threatModel } from '../attacks/threat.ts';
import { kindOf } from './workspace.ts';
import type { VictimSource } from './workspace.ts';

/** What an attack did to a fixed batch of observations. */
export interface BatchResult {
  /** [rows×O] normalised. */
  readonly adversarial: Float32Array;
  readonly success: { readonly rate: number | null; readonly meanAbsoluteActionChange: number };
  readonly norms: { readonly linfMax: number; readonly linfMean: number; readonly l2Mean: number };
  readonly queries: number;
  readonly gradients: number;
  /** Of an attack that only asks: which share of the rows it had won after so many queries each (decision changed; its side on a continuous head). */
  readonly curve?: readonly { readonly queries: number; readonly successRate: number }[];
  /** What the attack says of itself on this policy; absent: nothing. */
  readonly notes?: readonly string[];
}

/**
 * Rows `first`, `first + stride`, …, `count` of them. A schedule that reads the step's parity needs rows of one parity together (stride 2);
 * rows in the order of time have stride 1.
 */
export interface RowChunk {
  readonly first: number;
  readonly count: number;
  readonly stride: 1 | 2;
}

/** What an attack did to the rows of a chunk, each by row. */
export interface ChunkOutcome {
  readonly adversarial: Float32Array; // [count×O]
  readonly success: Uint8Array;
  readonly actionChange: Float64Array;
  readonly linf: Float64Array;
  readonly l2: Float64Array;
  /** Queries after which a row was won; `never` where it was not. */
  readonly foundAfter: Uint32Array;
  readonly queries: number;
  readonly gradients: number;
}

/** Rows that share one batch of gradients: enough to feed the kernel, few enough to report progress and to share out. */
const chunkRows = 96;

/** A batch in chunks of at most so many rows, the even rows before the odd ones: the same chunks, whoever takes them. */
export function rowChunks(rows: number, most: number = chunkRows): readonly RowChunk[] {
  return [0, 1].flatMap((parity) => {
    const own = Math.ceil((rows - parity) / 2);
    return Array.from({ length: Math.ceil(own / most) }, (_, c) => ({
      first: parity + 2 * c * most,
      count: Math.min(most, own - c * most),
      stride: 2 as const,
    }));
  });
}

/** The rows of a chunk. @param x [rows×size] */
export function chunkOf(x: Float32Array, size: number, { first, count, stride }: RowChunk): Float32Array {
  const own = new Float32Array(count * size);
  for (let k = 0; k < count; k++) {
    const row = first + stride * k;
    own.set(x.subarray(row * size, (row + 1) * size), k * size);
  }
  return own;
}

/**
 * An attack on recorded observations, open loop, chunk by chunk: row r is step r of its episode, so that a toggled target alternates
 * along the file, and draws from a stream of its own, so that it does not matter which chunks were attacked before.
 * @returns a function of a chunk and its rows [count×O]
 */
export function chunkAttack(
  features: readonly Feature[],
  victim: GradientAccess,
  spec: AttackSpec,
  seed: number,
  attack: ObservationAttack = openLoopAttack(spec),
): (x: Float32Array, chunk: RowChunk) => ChunkOutcome {
  const engine = attackEngine({ attack, threat: threatModel(spec.threat, features), victim, features, apart: true });
  const root = rng(seed).split('attack').split(spec.name);
  return (x, { first, count, stride }) => {
    const adversarial = new Float32Array(x.length);
    const before = engine.meter;
    engine.reset(new Uint8Array(count).fill(1)); // each row is an episode of its own
    const rngs = Array.from({ length: count }, (_, k) => root.split(first + stride * k));
    engine.perturb(x, count, first % 2, rngs, adversarial);
    return outcomeOf(engine, before, adversarial);
  };
}

/** What an engine has just done to the rows of a chunk. @param before its meter then */
export function outcomeOf(
  { verdict, meter }: Pick<AttackEngine, 'verdict' | 'meter'>,
  before: AttackEngine['meter'],
  adversarial: Float32Array,
): ChunkOutcome {
  const { success, actionChange, linf, l2, foundAfter } = verdict;
  return {
    adversarial,
    success: success.slice(),
    actionChange: actionChange.slice(),
    linf: linf.slice(),
    l2: l2.slice(),
    foundAfter: foundAfter.slice(),
    queries: meter.queries - before.queries,
    gradients: meter.gradients - before.gradients,
  };
}

/** The batch from its chunks, summed in their order: the same figures, whoever attacked them. */
export function batchResult(
  head: Head,
  size: number,
  chunks: readonly RowChunk[],
  outcomes: readonly ChunkOutcome[],
): BatchResult {
  const rows = chunks.reduce((sum, { count }) => sum + count, 0);
  const adversarial = new Float32Array(rows * size);
  const sums = { success: 0, actionChange: 0, linf: 0, l2: 0, queries: 0, gradients: 0 };
  let linfMax = 0;
  chunks.forEach(({ first, count, stride }, c) => {
    const own = outcomes[c]!;
    for (let k = 0; k < count; k++) {
      adversarial.set(own.adversarial.subarray(k * size, (k + 1) * size), (first + stride * k) * size);
      linfMax = Math.max(linfMax, own.linf[k]!);
      for (const name of ['success', 'actionChange', 'linf', 'l2'] as const) sums[name] += own[name][k]!;
    }
    sums.queries += own.queries;
    sums.gradients += own.gradients;
  });
  return {
    adversarial,
    success: {
      rate: head.kind === 'categorical' ? sums.success / rows : null,
      meanAbsoluteActionChange: sums.actionChange / rows,
    },
    norms: { linfMax, linfMean: sums.linf / rows, l2Mean: sums.l2 / rows },
    queries: sums.queries,
    gradients: sums.gradients,
    ...(sums.queries > 0 && sums.gradients === 0 ? { curve: successCurve(outcomes, rows) } : {}),
  };
}

/** Points of a curve at most. */
const curvePoints = 64;

/** Success against queries: one point for each number of queries after which rows were won, thinned out evenly by rows. */
function successCurve(outcomes: readonly ChunkOutcome[], rows: number): NonNullable<BatchResult['curve']> {
  const found = outcomes.flatMap(({ foundAfter }) => [...foundAfter].filter((queries) => queries !== never));
  found.sort((a, b) => a - b);
  const curve: { queries: number; successRate: number }[] = [];
  const stride = Math.max(1, Math.ceil(found.length / curvePoints));
  found.forEach((queries, k) => {
    if (queries === found[k + 1] || ((k + 1) % stride !== 0 && k + 1 < found.length)) return;
    curve.push({ queries, successRate: (k + 1) / rows });
  });
  return curve;
}

/** An attack for recorded rows. @throws {ConfigError} for one on actions, and for one that evades detectors */
export function openLoopAttack({ name, config }: AttackSpec): ObservationAttack {
  if (Object.hasOwn(actionAttacks, name))
    throw new ConfigError(`attack '${name}' changes actions, not observations; run it with \`evaluate\``);
  const attack = attacks[name as AttackName].make(config);
  if (attack.evades === true)
    throw new ConfigError(
      `attack '${name}' evades detectors, which recorded rows have none of; run it with \`evaluate\``,
    );
  return attack;
}

/** What an attack says of itself on a policy, in the record's shape: absent where there is nothing to say. */
export function notesOf(
  attack: ObservationAttack,
  { head }: Pick<GradientAccess, 'head'>,
): { readonly notes?: readonly string[] } {
  const notes = attack.notes?.(head) ?? [];
  return notes.length === 0 ? {} : { notes };
}

/** White-box access to a policy. @throws {ConfigError} for what has no logits. */
export function openLoopVictim(source: VictimSource): GradientAccess {
  if (source.network === null)
    throw new ConfigError(`'${source.name}' is ${kindOf(source)}; an open-loop attack needs a network`);
  return source.network;
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
