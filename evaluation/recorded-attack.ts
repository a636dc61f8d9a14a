import { looksBack } from '../attacks/constraint/index.ts';
import { attackEngine } from '../attacks/engine.ts';
import { threatModel } from '../attacks/threat.ts';
import type { ObservationAttack, Rehearsal } from '../core/attack.ts';
import { ConfigError } from '../core/errors.ts';
import type { Rng } from '../core/rng.ts';
import { rng } from '../core/rng.ts';
import type { AttackSpec } from '../core/scenario.ts';
import type { Feature } from '../core/space.ts';
import type { DecisionAccess, GradientAccess } from '../core/victim.ts';
import { chunkAttack, notesOf, openLoopAttack, rowChunks } from './attack-batch.ts';
import type { ChunkOutcome, RowChunk } from './attack-batch.ts';
import { otherController } from './other-controller.ts';
import type { VictimSource, Workspace } from './workspace.ts';

/** An attack on recorded rows, opened on them. */
export interface RecordedAttack extends Disposable {
  /** Rows know nothing of one another and nothing is learnt first: the chunks may be shared out, and taken in any order. */
  readonly apart: boolean;
  readonly chunks: readonly RowChunk[];
  /** Learns from the rows what it needs; to be run to its end before the first chunk. Yields the share done. */
  prepare(): Generator<number, void, void>;
  /** Attacks the next chunk. @param x [count×O] its rows */
  attack(x: Float32Array, chunk: RowChunk): ChunkOutcome;
  notes(): ReturnType<typeof notesOf>;
}

/** Whether rows may be attacked in any order, on any thread or device. */
export function isApart(spec: AttackSpec, features: readonly Feature[]): boolean {
  const attack = openLoopAttack(spec);
  return attack.prepare === undefined && !inOrder(attack, spec, features);
}

function inOrder(attack: ObservationAttack, { threat }: AttackSpec, features: readonly Feature[]): boolean {
  return attack.ordered === true || looksBack(threatModel(threat, features), features);
}

/**
 * An attack on a recorded sequence of observations: row r is step r of one episode, and draws from a stream of its own. Where what is shown
 * at a step depends on the steps before (sensors with a memory, constraints that look back), rows are taken one after the other; otherwise in
 * batches. What learns first learns from the rows themselves and from what the policy does on them.
 * @param setup.x [rows×O] as the policy observes  @param setup.workspace where other controllers that it names come from
 * @throws {ConfigError} for an attack that has no meaning without the plant; at once, or when it is prepared
 */
export async function recordedAttack(setup: {
  readonly x: Float32Array;
  readonly source: Pick<VictimSource, 'features'>;
  readonly victim: GradientAccess;
  readonly spec: AttackSpec;
  readonly seed: number;
  readonly workspace: Pick<Workspace, 'victim'>;
}): Promise<RecordedAttack> {
  const { x, source, victim, spec, seed, workspace } = setup;
  const { features } = source;
  const attack = openLoopAttack(spec);
  const ordered = inOrder(attack, spec, features);
  const rows = x.length / features.length;
  const root = rng(seed).split('attack').split(spec.name);
  const run = ordered
    ? orderedAttack(features, victim, spec, attack, root)
    : chunkAttack(features, victim, spec, seed, attack);
  const others = await namedControllers(attack, features, workspace, root);
  return {
    apart: attack.prepare === undefined && !ordered,
    chunks: ordered ? consecutive(rows) : rowChunks(rows),
    *prepare() {
      if (attack.prepare === undefined) return;
      yield* attack.prepare(rehearsalOf(x, features, victim, spec.name, others.policies, root.split('rehearsal')));
    },
    attack: run,
    notes: () => notesOf(attack, victim),
    [Symbol.dispose]() {
      attack.dispose?.();
      for (const other of others.sources) other.close?.();
    },
  };
}

/** Rows in the order of time. */
function consecutive(rows: number, most = 96): readonly RowChunk[] {
  return Array.from({ length: Math.ceil(rows / most) }, (_, c) => ({
    first: c * most,
    count: Math.min(most, rows - c * most),
    stride: 1 as const,
  }));
}

/** One row after the other: the engine, and the attack, remember the steps before. */
function orderedAttack(
  features: readonly Feature[],
  victim: GradientAccess,
  spec: AttackSpec,
  attack: ObservationAttack,
  root: Rng,
): RecordedAttack['attack'] {
  const engine = attackEngine({ attack, threat: threatModel(spec.threat, features), victim, features });
  const size = features.length;
  return (x, { first, count }) => {
    const before = engine.meter;
    const outcome = {
      adversarial: new Float32Array(x.length),
      success: new Uint8Array(count),
      actionChange: new Float64Array(count),
      linf: new Float64Array(count),
      l2: new Float64Array(count),
      foundAfter: new Uint32Array(count),
    };
    for (let k = 0; k < count; k++) {
      const shown = outcome.adversarial.subarray(k * size, (k + 1) * size);
      engine.perturb(x.subarray(k * size, (k + 1) * size), 1, first + k, [root.split(first + k)], shown);
      for (const name of ['success', 'actionChange', 'linf', 'l2', 'foundAfter'] as const)
        outcome[name][k] = engine.verdict[name][0]!;
    }
    const { queries, gradients } = engine.meter;
    return { ...outcome, queries: queries - before.queries, gradients: gradients - before.gradients };
  };
}

/** The other controllers that an attack names, which have to be networks: a rule reads physical values, and keeps a count. */
async function namedControllers(
  attack: ObservationAttack,
  features: readonly Feature[],
  workspace: Pick<Workspace, 'victim'>,
  root: Rng,
): Promise<{ readonly sources: readonly VictimSource[]; readonly policies: ReadonlyMap<string, DecisionAccess> }> {
  const sources: VictimSource[] = [];
  const policies = new Map<string, DecisionAccess>();
  const spaces = { observation: { kind: 'box', features }, action: { kind: 'box', features: [] } } as const;
  try {
    for (const name of attack.policies ?? []) {
      const source = await workspace.victim(name);
      sources.push(source);
      if (source.network === null) throw new ConfigError(`'${name}' is no network; run it with \`evaluate\``);
      policies.set(name, otherController(source, [spaces], root.split(name)));
    }
  } catch (error) {
    for (const source of sources) source.close?.();
    throw error;
  }
  return { sources, policies };
}

/** What recorded rows let an attacker learn: observations and the policy's actions. Whatever needs the plant is refused by name. */
function rehearsalOf(
  x: Float32Array,
  features: readonly Feature[],
  victim: GradientAccess,
  attack: string,
  policies: ReadonlyMap<string, DecisionAccess>,
  stream: Rng,
): Rehearsal {
  const rows = x.length / features.length;
  const closedLoop = (what: string): ConfigError =>
    new ConfigError(
      `attack '${attack}' learns from the closed loop (${what}), which recorded observations are not; run it with \`evaluate\``,
    );
  const policy = (name: string): DecisionAccess => policies.get(name)!;
  return {
    features,
    victim,
    rng: stream,
    // Rows have no clock: they count as hours.
    stepsPerDay: 24,
    record(wanted, exploration = 0) {
      if (exploration > 0) throw closedLoop('it tries out actions');
      const steps = Math.min(Math.floor(wanted), rows - 1);
      if (steps < 1) throw new ConfigError(`attack '${attack}' learns from the rows: got ${rows}, expected at least 2`);
      const action = new Float64Array(steps * victim.actionSize);
      victim.decide(x, steps, action);
      return {
        lanes: 1,
        steps,
        observation: x.subarray(0, (steps + 1) * features.length),
        action,
        get reward(): Float64Array {
          throw closedLoop('it reads rewards');
        },
        terminated: new Uint8Array(steps),
        truncated: new Uint8Array(steps),
      };
    },
    policy,
    recordedPolicy: policy,
    plants() {
      throw closedLoop('it knows the plant');
    },
  };
}
