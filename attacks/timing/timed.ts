import type { AttackContext, ObservationAttack, ThreatSet } from '../../core/attack.ts';
import type { Rng } from '../../core/rng.ts';
import { ConfigError } from '../../core/errors.ts';
import type { AccessKind, GradientAccess } from '../../core/victim.ts';
import type { Moment } from './moment.ts';

const order: readonly AccessKind[] = ['none', 'decision', 'score', 'gradient'];

/**
 * An attack that strikes at some steps only. The rows that strike are attacked as a batch of their own; the others keep their clean bits and
 * ask nothing beyond what their timing does. A timing that weighs what the attack would show has every row attacked first. An attack with a memory
 * of each lane (one that has a `reset`) goes on watching all of them. What a timing asks comes out of the attack's query budget.
 * @throws {ConfigError} for an episode's query budget under a timing that asks, which would have nothing to ask with once it is spent
 */
export function timed(attack: ObservationAttack, moment: Moment): ObservationAttack {
  if (moment.asks > 0 && attack.queryBudget !== undefined && attack.queryBudget.episode !== Infinity)
    throw new ConfigError(
      `a timing that asks the victim ${moment.asks} times a step cannot go with a query budget of the episode; give one of each step`,
    );
  if (moment.asks > (attack.queryBudget?.step ?? Infinity))
    throw new ConfigError(
      `a timing that asks the victim ${moment.asks} times a step cannot go with a query budget of ${attack.queryBudget!.step}`,
    );
  const strikes = attack as ObservationAttack<'gradient'>; // what it may ask is what its own access says
  let mark = new Uint8Array(0);
  let room: Room | undefined;
  const made: ObservationAttack<'gradient'> = {
    ...strikes,
    ...(moment.ordered === undefined ? {} : { ordered: moment.ordered }),
    // The engine gives it what it asks for: the wider of the two.
    access: order[Math.max(order.indexOf(attack.access), order.indexOf(moment.access))] as 'gradient',
    perturb(x, rows, victim, whole, out) {
      const { queriesLeft } = whole;
      const context =
        moment.asks === 0 || queriesLeft === undefined
          ? whole
          : { ...whole, queriesLeft: queriesLeft.map((left) => left - moment.asks) };
      if (mark.length < rows) mark = new Uint8Array(rows);
      const size = victim.observationSize;
      if (moment.weighs === true) {
        strikes.perturb(x, rows, victim, context, out);
        context.set.project(out); // as it will be
      }
      moment.choose(x, rows, victim, context, mark, out);
      const count = mark.subarray(0, rows).reduce((sum, one) => sum + one, 0);
      if (moment.weighs === true || count === rows || attack.reset !== undefined) {
        if (moment.weighs !== true) strikes.perturb(x, rows, victim, context, out);
        for (let r = 0; r < rows; r++) if (mark[r] === 0) out.set(x.subarray(r * size, (r + 1) * size), r * size);
        return;
      }
      out.set(x);
      if (count === 0) return;
      if (room?.victim !== victim || room.rows < rows) room = roomFor(victim, rows);
      const { chosen } = room;
      for (let r = 0, k = 0; r < rows; r++) if (mark[r] === 1) chosen[k++] = r;
      const own = new Float32Array(count * size);
      const shown = new Float32Array(count * size);
      for (let k = 0; k < count; k++) own.set(x.subarray(chosen[k]! * size, (chosen[k]! + 1) * size), k * size);
      strikes.perturb(own, count, room.asked, part(context, room, count, rows * size), shown);
      for (let k = 0; k < count; k++) out.set(shown.subarray(k * size, (k + 1) * size), chosen[k]! * size);
    },
    reset(ended) {
      attack.reset?.(ended);
      moment.reset?.(ended);
    },
    dispose() {
      attack.dispose?.();
      moment.dispose?.();
    },
  };
  delete made.questions; // when to strike is asked at once
  if (moment.prepare !== undefined)
    made.prepare = function* prepare(rehearsal) {
      for (const done of moment.prepare!({ ...rehearsal, rng: rehearsal.rng.split('timing') }))
        yield attack.prepare === undefined ? done : done / 2;
      for (const done of attack.prepare?.(rehearsal) ?? []) yield 0.5 + done / 2;
    };
  return made;
}

/** Which rows strike, and the victim asked for them under their own names. */
interface Room {
  readonly victim: GradientAccess;
  readonly rows: number;
  readonly size: number;
  /** [rows] the batch's row behind each that strikes. */
  readonly chosen: Int32Array;
  /** [≥ what is asked] the batch's row behind each that is asked. */
  readonly names: (of: Int32Array | undefined, rows: number) => Int32Array;
  readonly asked: GradientAccess;
}

function roomFor(victim: GradientAccess, rows: number): Room {
  const chosen = new Int32Array(rows);
  let named = new Int32Array(rows);
  const names = (of: Int32Array | undefined, count: number): Int32Array => {
    if (named.length < count) named = new Int32Array(count);
    for (let i = 0; i < count; i++) named[i] = chosen[of === undefined ? i : of[i]!]!;
    return named;
  };
  return {
    victim,
    rows,
    size: victim.observationSize,
    chosen,
    names,
    asked: {
      head: victim.head,
      observationSize: victim.observationSize,
      actionSize: victim.actionSize,
      logitsSize: victim.logitsSize,
      decide: (x, count, action, of) => victim.decide(x, count, action, names(of, count)),
      logits: (x, count, out, of) => victim.logits(x, count, out, names(of, count)),
      valueAndGradient: (objective, x, count, value, gradient, of) =>
        victim.valueAndGradient(objective, x, count, value, gradient, names(of, count)),
    },
  };
}

/** The context of the rows that strike. @param numbers of the whole batch [rows·O] */
function part(context: AttackContext, { chosen, size, names }: Room, count: number, numbers: number): AttackContext {
  const rows = chosen.subarray(0, count);
  const { queriesLeft, found, alarm } = context;
  return {
    ...context,
    of: context.of === undefined ? rows : rows.map((row) => context.of![row]!),
    alarm: alarm && {
      name: alarm.name,
      evaluate: (x, asked, score, gradient, of) => alarm.evaluate(x, asked, score, gradient, names(of, asked)),
    },
    rngs: Array.from(rows, (row): Rng => context.rngs[row]!),
    set: partOf(context.set, rows, size, names, numbers),
    ...(queriesLeft === undefined ? {} : { queriesLeft: Float64Array.from(rows, (row) => queriesLeft[row]!) }),
    ...(found === undefined ? {} : { found: (row: number) => found(chosen[row]!) }),
  };
}

/** The threat sets of some rows of a batch. */
function partOf(set: ThreatSet, rows: Int32Array, size: number, names: Room['names'], numbers: number): ThreatSet {
  const copy = (from: Float32Array, to: Float32Array): void =>
    rows.forEach((row, k) => to.set(from.subarray(row * size, (row + 1) * size), k * size));
  return {
    isBox: set.isBox,
    bounds(low, high) {
      const wide = [new Float32Array(numbers), new Float32Array(numbers)] as const;
      set.bounds(...wide);
      copy(wide[0], low);
      copy(wide[1], high);
    },
    project: (point, count = rows.length, of) => set.project(point, count, names(of, count)),
    sample(row, rng, point) {
      const wide = new Float64Array(numbers);
      const own = rows[row]! * size;
      set.sample(rows[row]!, rng, wide);
      point.set(wide.subarray(own, own + size), row * size);
    },
    free: (i) => set.free(rows[Math.floor(i / size)]! * size + (i % size)),
  };
}
