import type { AccessOf, ObservationAttackOf, QueryBudget } from '../../core/attack.ts';
import { LaneRoom } from './lane.ts';
import type { RowSearch } from './lane.ts';
import type { Oracle } from './oracle.ts';

/**
 * Black-box searches of all rows of a batch side by side: whatever the rows ask at the same time is one question to the victim. A row
 * that asks for more than it has left has ended; what it proposed last is handed out, the clean row if it never did.
 * @param search makes the search of one row over so many features, with buffers of its own
 */
export function rowSearch<Kind extends 'decision' | 'score'>(
  oracle: Oracle<Kind>,
  queryBudget: QueryBudget,
  search: (size: number) => RowSearch,
): ObservationAttackOf<Kind> {
  let size = 0;
  let lanes: LaneRoom[] = [];
  let searches: RowSearch[] = [];
  let low = new Float32Array(0);
  let high = new Float32Array(0);
  let value = new Float32Array(0);
  let live = new Int32Array(0);
  const running: Generator<number, void, void>[] = [];
  let points = new Float32Array(0);
  let of = new Int32Array(0);
  let answers = { value: new Float32Array(0), hit: new Uint8Array(0), changed: new Uint8Array(0) };

  const reserve = (rows: number, features: number): void => {
    if (lanes.length === rows && size === features) return;
    size = features;
    lanes = Array.from({ length: rows }, (_, row) => new LaneRoom(row, size));
    searches = lanes.map(() => search(size));
    low = new Float32Array(rows * size);
    high = new Float32Array(rows * size);
    value = new Float32Array(rows);
    live = new Int32Array(rows);
  };

  /** Lets the live rows go on to their next questions, and drops those that are done. Returns how many are left. */
  const advance = (count: number): number => {
    let left = 0;
    for (let k = 0; k < count; k++) {
      const lane = lanes[live[k]!]!;
      const generator = running[k]!;
      const next = generator.next();
      if (next.done === true) continue;
      if (next.value > lane.left) {
        generator.return();
        continue;
      }
      lane.asked = next.value;
      lane.left -= next.value;
      live[left] = live[k]!;
      running[left] = generator;
      left++;
    }
    return left;
  };

  const ask = (victim: AccessOf[Kind], count: number): void => {
    let total = 0;
    for (let k = 0; k < count; k++) total += lanes[live[k]!]!.asked;
    if (of.length < total) {
      points = new Float32Array(total * size);
      of = new Int32Array(total);
      answers = { value: new Float32Array(total), hit: new Uint8Array(total), changed: new Uint8Array(total) };
    }
    for (let k = 0, at = 0; k < count; k++) {
      const { asking, asked, row } = lanes[live[k]!]!;
      for (let i = 0; i < asked * size; i++) points[at * size + i] = asking[i]!;
      of.fill(row, at, at + asked);
      at += asked;
    }
    oracle.ask(victim, points, total, of, answers);
    for (let k = 0, at = 0; k < count; k++) {
      const lane = lanes[live[k]!]!;
      for (let i = 0; i < lane.asked; i++, at++) {
        lane.value[i] = answers.value[at]!;
        lane.hit[i] = answers.hit[at]!;
        lane.changed[i] = answers.changed[at]!;
      }
    }
  };

  return {
    stage: 'observation',
    access: oracle.access,
    queryBudget,
    check: (head) => oracle.check(head),
    perturb(x, rows, victim, context, out) {
      reserve(rows, victim.observationSize);
      out.set(x);
      context.set.bounds(low, high);
      let count = 0;
      for (const lane of lanes) {
        lane.begin(x, low, high, context, Math.min(queryBudget.step, context.queriesLeft?.[lane.row] ?? Infinity) - 1);
        if (lane.left > 0 && lane.movable > 0) live[count++] = lane.row;
      }
      if (count === 0) return;
      oracle.begin(x, rows, live, count, victim, context, value);
      for (let k = 0; k < count; k++) {
        const lane = lanes[live[k]!]!;
        lane.cleanValue = value[lane.row]!;
        running[k] = searches[lane.row]!(lane);
      }
      while ((count = advance(count)) > 0) ask(victim, count);
      running.length = 0;
      for (const lane of lanes) out.set(lane.best, lane.row * size);
    },
  };
}
