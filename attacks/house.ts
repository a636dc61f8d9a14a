import type { ForeseenSets, ObservationAttack, ThreatModel, ThreatSet } from '../core/attack.ts';
import { assertLength, BudgetError, ShapeError } from '../core/errors.ts';
import type { Rng } from '../core/rng.ts';
import type { Feature } from '../core/space.ts';
import type { AsyncGradientAccess, GradientAccess } from '../core/victim.ts';
import type { PlantModel } from '../core/plant-model.ts';
import { firstOutside } from './ball/outside.ts';
import { threatSet } from './ball/threat-set.ts';
import { never } from './meter.ts';
import { constrainedSet } from './constraint/constrained-set.ts';
import { foreseenSets } from './constraint/foreseen.ts';
import { compileConstraints } from './constraint/index.ts';
import type { Tally } from './meter.ts';
import { judge, outsideError, verdictOf } from './verdict.ts';
import type { Verdict } from './verdict.ts';

/** What an engine does about an attack, whether its victim answers at once or later. The order of a step: begin, confine, judge. */
export interface House {
  /** Rows asked of the victim by the attack so far, the sums of what every verdict counts by row; judging is free. `rejected`: proposals that were not numbers. */
  readonly meter: { readonly queries: number; readonly gradients: number; readonly rejected: number };
  readonly verdict: Verdict;
  /** The threat sets around the rows of the step that was begun. */
  readonly set: ThreatSet;
  /** Sets around what is foreseen, as an attack's context has it. */
  readonly foresee: (() => ForeseenSets) | undefined;
  /** [≥ rows] queries that each row of the step may still ask. */
  readonly queriesLeft: Float64Array;
  /** An attack says that what it would propose for a row changes the decision. */
  readonly found: (row: number) => void;
  /** Checks the arrays of a step, puts the threat sets around its rows and begins its count. @throws {ShapeError} */
  begin(x: Float32Array, rows: number, rngs: readonly Rng[], out: Float32Array): void;
  /**
   * Confines what was proposed to the threat set, and verifies it.
   * @returns the verdict, with room for the decisions on both observations
   * @throws {BudgetError} naming row, feature and amount if what is handed out lies outside the threat set, or if a row asked more than its
   * query budget.
   */
  confine(x: Float32Array, rows: number, out: Float32Array): Verdict;
  /** Fills the verdict whose two decisions are there. */
  judge(x: Float32Array, rows: number, out: Float32Array): void;
  /** What the controllers did, where that is not what the victim decided. @param action [rows×A] physical */
  acted(action: Float64Array): void;
  /** @param ended [rows] 1 where an episode just ended, and with it its query budget and what constraints remember */
  reset(ended: Uint8Array): void;
}

/**
 * @param tally what the attack's questions are counted in  @param where the engine, for messages
 * @throws {ShapeError} when threat, features and victim disagree on the number of features.
 * @throws {ConfigError} when the attack has no meaning on the victim's head.
 */
export function house(
  setup: {
    readonly attack: ObservationAttack;
    readonly threat: ThreatModel;
    readonly victim: GradientAccess | AsyncGradientAccess;
    readonly features: readonly Feature[];
    /** What constraints may know of the building behind the rows. */
    readonly plant?: PlantModel | undefined;
    /** The rows are no steps of lanes, as recorded ones: constraints with a memory are refused. */
    readonly apart?: boolean | undefined;
  },
  tally: Tally,
  where: string,
): House {
  const { attack, threat, victim, features } = setup;
  const { epsilon, low, high } = threat;
  const size = victim.observationSize;
  for (const [name, part] of Object.entries({ features, epsilon, low, high })) assertLength(part, size, name, where);
  attack.check?.(victim.head);
  const { step: perStep, episode: perEpisode } = attack.queryBudget ?? { step: Infinity, episode: Infinity };
  let left = new Float64Array(0);
  let spent = new Float64Array(0); // by each row in its episode
  const ball = threatSet(threat);
  const { constraints = [] } = threat;
  const compiled = () =>
    compileConstraints(constraints, { features, threat, plant: setup.plant }, setup.apart === true);
  const rules = compiled();
  const constrained = rules.length === 0 ? undefined : constrainedSet(ball, rules, features, setup.plant);
  const set = constrained ?? ball;
  let verdict = verdictOf(0, 0);
  let rejected = 0;
  return {
    set,
    foresee:
      constrained &&
      (() =>
        foreseenSets(
          constrained,
          constrainedSet(threatSet(threat), compiled(), features, setup.plant),
          threat,
          victim.actionSize,
        )),
    get meter() {
      return { queries: tally.queries, gradients: tally.gradients, rejected };
    },
    get verdict() {
      return verdict;
    },
    begin(x, rows, rngs, out) {
      assertLength(x, rows * size, 'x', 'perturb');
      assertLength(out, rows * size, 'out', 'perturb');
      if (rngs.length < rows) throw new ShapeError(`perturb: ${rngs.length} random streams for ${rows} rows`);
      tally.begin(rows);
      if (left.length < rows) {
        left = new Float64Array(rows);
        spent = Float64Array.from(left, (_, row) => spent[row] ?? 0);
      }
      for (let row = 0; row < rows; row++) left[row] = Math.min(perStep, perEpisode - spent[row]!);
      set.around(x, rows, threat);
    },
    get queriesLeft() {
      return left;
    },
    found(row) {
      if (tally.foundAfter[row] === never) tally.foundAfter[row] = tally.rowQueries[row]!;
    },
    reset(ended) {
      for (let row = 0; row < spent.length; row++) if (ended[row] === 1) spent[row] = 0;
      constrained?.reset(ended);
    },
    confine(x, rows, out) {
      for (let row = 0; row < rows; row++) {
        const asked = tally.rowQueries[row]!;
        if (asked > left[row]!)
          throw new BudgetError(`lane ${row}: ${asked} queries at one step, its budget had ${left[row]} left`);
        spent[row]! += asked;
      }
      rejected += set.project(out);
      const outside = firstOutside(x, out, rows, threat);
      if (outside >= 0) throw outsideError(x, out, outside, threat, features);
      constrained?.settle(x, out, rows);
      if (verdict.linf.length !== rows) verdict = verdictOf(rows, victim.actionSize, constrained?.verdicts);
      return verdict;
    },
    judge(x, rows, out) {
      judge(verdict, tally, victim.head, x, out, rows);
      constrained?.act(verdict.action);
    },
    acted(action) {
      constrained?.act(action);
    },
  };
}
