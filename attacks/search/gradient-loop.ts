import type { AttackContext, ObservationAttack, ThreatModel, ThreatSet, VictimShape } from '../../core/attack.ts';
import type { Head } from '../../core/policy.ts';
import type { Goal, Objective, Question } from '../../core/victim.ts';
import type { Ascent } from '../../nn/ascent.ts';
import { referenceAscent } from '../../nn/reference-ascent.ts';
import { wasmAscent } from '../../nn/wasm-ascent.ts';
import { answer } from '../answer.ts';
import type { Ball } from '../ball/ball.ts';
import { threatSet } from '../ball/threat-set.ts';
import { needBothSides } from '../objective/categorical.ts';
import type { StepControl } from '../step/checkpoints.ts';
import { steepest } from '../step/rule.ts';
import type { StepRule } from '../step/rule.ts';
import type { StepSchedule } from '../step/schedule.ts';
import type { Walk } from '../step/walk.ts';
import { learning } from '../target/learning.ts';
import type { TargetSchedule } from '../target/schedule.ts';
import { again, askAgain, centre, closeRanks, disownTruth, improve, jump, muster, scale } from './rows.ts';
import type { SearchBuffers } from './workspace.ts';
import { searchWorkspace } from './workspace.ts';

/** The holes of the one gradient loop. */
export interface GradientSearch {
  readonly objective: Objective;
  readonly target: TargetSchedule;
  /** The size of each step: the same for all rows, or set for each of them by how well it climbs. */
  readonly schedule: StepSchedule | StepControl;
  /** Gradients per restart. */
  readonly steps: number;
  readonly restarts: number;
  /** Where restart 0 starts, `centre` being that of the box; the others start at random. */
  readonly start: 'clean' | 'centre' | 'random';
  /** `best`: the best iterate, the clean point included. `last`: the best of the restarts' last iterates. */
  readonly keep: 'best' | 'last';
  /** Where the gradient vanishes at the clean start: jump to a random point, or stay. */
  readonly plateau: 'jump' | 'stay';
  /** `inside`: every iterate keeps to the box. `after`: only what is returned does. */
  readonly box: 'inside' | 'after';
  readonly step?: StepRule;
  /** What becomes of a row at rest, which further steps would leave where it is: it waits, or begins anew at random with the gradients left. */
  readonly atRest?: 'wait' | 'again';
  /** Several goals for each row, one after the other, each with all restarts; what the target names is the first word on each. */
  readonly sweep?: Sweep;
}

/** Goals tried in turn; the best point over all of them is kept. */
export interface Sweep {
  count(head: Head): number;
  /** Sets goal `index` of each row; the clean logits are there. */
  aim(index: number, rows: number, head: Head, goals: Goal): void;
}

/**
 * Projected gradient ascent, per row: `x_{k+1} = Π(x_k + step_k ⊙ v(∇L(x_k)))`, v the sign in L-inf, over objective × ball × step rule ×
 * start × schedule × restarts. Every row keeps its own best, its own step and its own random stream, so that batching changes nothing.
 *
 * Costs at most `steps · restarts` gradients and `1 + restarts` forward passes a row, and one gradient more where a row jumped. Under a
 * rule that reads nothing but signs, a row that a step leaves where it was, to the bit (a corner of its box, as a rule), has found where all
 * further steps would leave it: it is asked no more, and the rows that go on close ranks.
 * Source: Madry et al. (2018), "Towards Deep Learning Models Resistant to Adversarial Attacks".
 */
export function gradientSearch(search: GradientSearch): ObservationAttack<'gradient'> {
  const { objective, target, steps, restarts, sweep } = search;
  const control = 'observe' in search.schedule ? search.schedule : undefined;
  const schedule = 'observe' in search.schedule ? undefined : search.schedule;
  const rule = search.step ?? steepest();
  let unboxed: { readonly of: ThreatModel; readonly threat: ThreatModel; readonly ball: Ball } | undefined;

  const check = (head: Head): void => {
    objective.check(head);
    if (target.sided && head.kind === 'categorical') needBothSides('a target with a side', head.values);
  };

  /** The sets that iterates keep to. */
  const space = (x: Float32Array, rows: number, { set, threat }: AttackContext): ThreatSet => {
    if (search.box === 'inside') return set;
    if (unboxed?.of !== threat) unboxed = { of: threat, threat: withoutBox(threat), ball: threatSet(threat) };
    unboxed.ball.around(x, rows, unboxed.threat);
    return unboxed.ball;
  };

  function* ascend(
    ascent: Ascent,
    buffers: SearchBuffers,
    x: Float32Array,
    rows: number,
    victim: VictimShape,
    context: AttackContext,
    out: Float32Array,
  ): Generator<Question, void, void> {
    const { head, logitsSize } = victim;
    const threat = context.threat;
    const { goals, goal, position, point, gradient, logits, slope, value, best, rate, row: of } = buffers;
    const bound = { objective, goal };
    const asked = { kind: 'gradient' as const, objective: bound, x: point, rows, value, gradient, of };
    goals.x.set(x);
    yield { kind: 'logits', x, rows, out: goals.clean };
    goals.side.fill(0);
    goals.action.fill(Number.NaN);
    target.aim(rows, context, goals, victim);
    for (let j = 0; j < threat.epsilon.length; j++) {
      buffers.size[j] = schedule?.unit === 'normalised' ? 1 : threat.epsilon[j]!;
    }
    const set = space(x, rows, context);
    const walk: Walk = { ascent, buffers, set, norm: threat.norm, rows };
    const scaled = rule.scaled || threat.norm !== 'linf';
    out.set(x);
    sweep?.aim(0, rows, head, goals);
    if (search.keep === 'best') objective.evaluate(head, goals.clean, goals, rows, best, slope);
    else best.fill(Number.NEGATIVE_INFINITY);
    const remembers = threat.constraints !== undefined;
    if (remembers) disownTruth(buffers, x, set);

    const runs = restarts * (sweep?.count(head) ?? 1);
    for (let run = 0; run < runs; run++) {
      const restart = run % restarts;
      const first = restart === 0 && search.start !== 'random';
      if (run > 0 && restart === 0) sweep?.aim(run / restarts, rows, head, goals);
      asked.rows = walk.rows = rows;
      muster(buffers, set);
      if (!first) for (let row = 0; row < rows; row++) set.sample(row, context.rngs[row]!, position);
      else if (search.start === 'clean') {
        position.set(x);
        if (remembers) set.project(position);
      } else centre(buffers, set);
      point.set(position);
      buffers.still.fill(0);
      rule.begin?.(walk);
      control?.begin(walk, steps);
      for (let k = 0; k < steps && asked.rows > 0; k++) {
        if (k > 0) rule.lookAhead?.(walk);
        yield asked;
        if (k === 0 && first && search.plateau === 'jump') {
          const jumped = jump(buffers, set, context);
          // All or none, as a rule: a distance from the clean decision begins in a minimum, another objective hardly ever.
          if (jumped === rows) yield asked;
          else if (jumped > 0) yield* askAgain(buffers, objective);
          if (jumped > 0) rule.begin?.(walk);
        }
        if (search.keep === 'best') improve(buffers, asked.rows, out);
        if (scaled) scale(buffers, asked.rows, threat.epsilon);
        control?.observe(walk, k);
        if (schedule !== undefined) rate.fill(schedule.at(k, steps));
        if (search.atRest === 'again') buffers.held.set(position);
        const moved = rule.move(walk, k);
        if (search.atRest === 'again') again(walk, context, control);
        if (set.isBox && rule.settles && moved < asked.rows) {
          if (search.keep === 'last') improve(buffers, asked.rows, out, 0);
          asked.rows = walk.rows = closeRanks(buffers, asked.rows);
        }
      }
      const left = asked.rows;
      if (left === 0) continue;
      // An objective may read the number of outputs off the length.
      const last = left === rows ? logits : logits.subarray(0, left * logitsSize);
      yield { kind: 'logits', x: point, rows: left, out: last, of };
      objective.evaluate(head, last, goal, left, value, left === rows ? slope : slope.subarray(0, last.length));
      improve(buffers, left, out);
    }
    if (search.box === 'after') context.set.project(out);
  }

  const room = searchRoom(wasmAscent);
  // While one waits for answers, others may grow the kernel's memory under its views: what waits has arrays of its own.
  const roomToWait = searchRoom(referenceAscent);

  return {
    stage: 'observation',
    access: 'gradient',
    check,
    ...learning(target, objective),
    perturb(x, rows, victim, context, out) {
      const { ascent, buffers } = room(rows, victim);
      for (const question of ascend(ascent, buffers, x, rows, victim, context, out)) answer(victim, question);
    },
    questions(x, rows, victim, context, out) {
      const { ascent, buffers } = roomToWait(rows, victim);
      return ascend(ascent, buffers, x, rows, victim, context, out);
    },
  };
}

/** An ascent and its buffers, made when they are first needed. */
function searchRoom(
  make: () => Ascent,
): (rows: number, victim: VictimShape) => { readonly ascent: Ascent; readonly buffers: SearchBuffers } {
  let ascent: Ascent | undefined;
  let workspace: ReturnType<typeof searchWorkspace> | undefined;
  return (rows, victim) => {
    ascent ??= make();
    workspace ??= searchWorkspace(ascent);
    return { ascent, buffers: workspace(rows, victim) };
  };
}

function withoutBox(threat: ThreatModel): ThreatModel {
  const features = threat.epsilon.length;
  return {
    ...threat,
    low: new Float32Array(features).fill(Number.NEGATIVE_INFINITY),
    high: new Float32Array(features).fill(Number.POSITIVE_INFINITY),
  };
}
