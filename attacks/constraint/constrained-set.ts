import type { LaneMemory, ThreatModel } from '../../core/attack.ts';
import { BudgetError } from '../../core/errors.ts';
import type { PlantModel } from '../../core/plant-model.ts';
import type { Feature } from '../../core/space.ts';
import { toPhysical } from '../../core/space.ts';
import type { Ball } from '../ball/ball.ts';
import { batteryEstimate } from './battery-estimate.ts';
import { openHistory } from './history.ts';
import type { PastSteps } from './history.ts';
import { Intervals } from './intervals.ts';
import { intersection } from './intersection.ts';
import type { Moment, Rule } from './rule.ts';

/** A compiled rule by the name that results call it. */
export interface NamedRule {
  readonly name: string;
  readonly rule: Rule;
}

/** How a rule fared on the rows of a step. [rows] each. */
export interface ConstraintVerdict {
  readonly name: string;
  /** 1 where the rule held the row back: what is shown stands at the edge of what it allows. */
  readonly bound: Uint8Array;
  /** 1 where nothing that the threat allows would have kept the rule. */
  readonly gaveWay: Uint8Array;
}

/** A threat set within the rules of a constraint list, and the memory that they need of every lane. */
export interface ConstrainedSet extends Ball {
  /**
   * Judges what is handed out, and notes it. Rules are looked at from their definitions.
   * @throws {BudgetError} naming lane, feature and rule of the first number that breaks one.
   */
  settle(x: Float32Array, out: Float32Array, rows: number): void;
  /** What the controllers did on it. @param action [rows×A] physical */
  act(action: Float64Array): void;
  /** What is remembered of a row before the present step, or after it once it is noted. */
  memory(row: number): LaneMemory;
  /** The rows to come go on from these. @param actions A */
  recall(memories: readonly LaneMemory[], actions: number): void;
  /** The second half of `settle`, for what is only foreseen. */
  note(x: Float32Array, out: Float32Array, rows: number): void;
  /** Whether a rule has a memory of its own: what was spent. */
  readonly counts: boolean;
  readonly verdicts: readonly ConstraintVerdict[];
  /** @param ended [rows] 1 where an episode just ended */
  reset(ended: Uint8Array): void;
}

interface Memory extends LaneMemory {
  readonly past: PastSteps;
  readonly battery: Float64Array | undefined;
  /** By rule. */
  readonly own: readonly (Float64Array | undefined)[];
}

/** Threat set ∩ rules, put around the rows of one step after another. */
export function constrainedSet(
  ball: Ball,
  rules: readonly NamedRule[],
  features: readonly Feature[],
  plant: PlantModel | undefined,
): ConstrainedSet {
  const size = features.length;
  const order = (['hard', 'interval', 'part'] as const).flatMap((phase) =>
    rules.flatMap(({ rule }, k) => (rule.phase === phase ? [k] : [])),
  );
  const history = openHistory(size, Math.max(0, ...rules.map(({ rule }) => rule.lag)));
  const remembers = rules.some(({ rule }) => rule.lag > 0);
  const follows = rules.some(({ rule }) => rule.battery === true);
  const battery = batteryEstimate(features, follows ? plant : undefined);
  const intervals = new Intervals(size, rules.length);
  const parts = order.flatMap((k) => rules[k]!.rule.part ?? []);
  const now: { -readonly [K in keyof Moment]: Moment[K] } = { x: new Float32Array(0), history, battery };
  const withParts = order.filter((k) => rules[k]!.rule.part !== undefined);
  const shape = intersection(ball, intervals, parts, (row, i, batch) =>
    withParts.every((k) => intervals.hasGivenWay(k, row) || rules[k]!.rule.broken(now, row, i, batch) < 0),
  );
  let verdicts: ConstraintVerdict[] = [];
  let held = 0;
  let begun = false; // a step's sets are there, and it has not been noted

  return {
    get isBox() {
      return ball.isBox && parts.length === 0;
    },
    around(x: Float32Array, rows: number, threat: ThreatModel) {
      begun = true;
      if (remembers) history.open(rows);
      if (follows) battery.follow(rows, history);
      now.x = x;
      ball.around(x, rows, threat);
      intervals.open(rows);
      ball.bounds(intervals.lower, intervals.upper);
      for (const k of order) {
        intervals.enter(k);
        for (let row = 0; row < rows; row++) rules[k]!.rule.narrow(now, row, row * size, intervals);
      }
      shape.around(x, rows);
      if (held !== rows) {
        held = rows;
        verdicts = rules.map(({ name }) => ({ name, bound: new Uint8Array(rows), gaveWay: new Uint8Array(rows) }));
      }
    },
    counts: rules.some(({ rule }) => rule.remember !== undefined),
    bounds(low, high) {
      low.set(intervals.lower);
      high.set(intervals.upper);
    },
    project: (point, rows, of) => shape.project(point, rows, of),
    sample: (row, rng, point) => shape.sample(row, rng, point),
    free: (i) => intervals.upper[i]! > intervals.lower[i]!,

    settle(x, out, rows) {
      for (let k = 0; k < rules.length; k++) {
        const { name, rule } = rules[k]!;
        const { bound, gaveWay } = verdicts[k]!;
        for (let row = 0; row < rows; row++) {
          const i = row * size;
          gaveWay[row] = intervals.hasGivenWay(k, row) ? 1 : 0;
          const j = gaveWay[row] === 1 ? -1 : rule.broken(now, row, i, out);
          if (j >= 0) {
            if (rule.phase === 'hard' || !shape.surrendered(row))
              throw brokenError(row, features[j]!, name, x[i + j]!, out[i + j]!);
            gaveWay[row] = 1;
          }
          bound[row] = heldBack(k, row, i, out) ? 1 : 0;
        }
      }
      this.note(x, out, rows);
    },
    note(x, out, rows) {
      for (const { rule } of rules) for (let row = 0; row < rows; row++) rule.spend?.(now, row, row * size, out);
      if (remembers) history.push(x, out);
      begun = false;
    },
    memory(row): Memory {
      return {
        before: 'a step',
        past: history.remember(row),
        battery: begun ? battery.before(row) : battery.present(row),
        own: rules.map(({ rule }) => rule.remember?.(row)),
      };
    },
    recall(memories, actions) {
      const known = memories as readonly Memory[];
      history.recall(
        known.map(({ past }) => past),
        actions,
      );
      battery.recall(known.map((memory) => memory.battery));
      rules.forEach(({ rule }, k) => rule.recall?.(known.map(({ own }) => own[k]!)));
      begun = false;
    },
    act(action) {
      if (remembers) history.act(action);
    },
    get verdicts() {
      return verdicts;
    },
    reset(ended) {
      ended.forEach((mark, row) => {
        if (mark === 0) return;
        history.forget(row);
        battery.forget(row);
        for (const { rule } of rules) rule.forget?.(row);
      });
    },
  };

  function heldBack(k: number, row: number, i: number, out: Float32Array): boolean {
    if (rules[k]!.rule.stopped?.(row, i, out) === true) return true;
    for (let j = 0; j < size; j++) if (intervals.stopped(k, i + j, out[i + j]!)) return true;
    return false;
  }
}

function brokenError(row: number, feature: Feature, rule: string, clean: number, shown: number): BudgetError {
  return new BudgetError(
    `lane ${row}, feature '${feature.name}': shown as ${toPhysical(feature, shown)} ${feature.unit} where ${toPhysical(feature, clean)} is true, ` +
      `which breaks the constraint '${rule}'`,
  );
}
