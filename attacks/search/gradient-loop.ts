import type { AttackContext, ObservationAttack, ThreatModel } from '../../core/attack.ts';
import type { Head } from '../../core/policy.ts';
import type { Objective } from '../../core/victim.ts';
import type { Ball } from '../ball/linf.ts';
import { linfBall } from '../ball/linf.ts';
import { wasmAscent } from '../../nn/wasm-ascent.ts';
import { needBothSides } from '../objective/categorical.ts';
import { signStep } from '../step/rule.ts';
import type { StepRule } from '../step/rule.ts';
import type { StepSchedule } from '../step/schedule.ts';
import type { TargetSchedule } from '../target/schedule.ts';
import type { SearchBuffers } from './workspace.ts';
import { searchWorkspace } from './workspace.ts';

/** The holes of the one gradient loop. */
export interface GradientSearch {
  readonly objective: Objective;
  readonly target: TargetSchedule;
  readonly schedule: StepSchedule;
  /** Gradients per restart. */
  readonly steps: number;
  readonly restarts: number;
  /** Where restart 0 starts; the others start at random. */
  readonly start: 'clean' | 'random';
  /** `best`: the best iterate, the clean point included. `last`: the best of the restarts' last iterates. */
  readonly keep: 'best' | 'last';
  /** Where the gradient vanishes at the clean start: jump to a random point, or stay. */
  readonly plateau: 'jump' | 'stay';
  /** `inside`: every iterate keeps to the box. `after`: only what is returned does. */
  readonly box: 'inside' | 'after';
  readonly step?: StepRule;
}

/**
 * Projected gradient ascent, per row: `x_{k+1} = Π(x_k + step_k ⊙ sign ∇L(x_k))` over objective × ball × step rule × start ×
 * schedule × restarts. Every row keeps its own best and its own random stream, so that batching changes nothing.
 *
 * Costs at most `steps · restarts` gradients and `1 + restarts` forward passes a row, and one gradient more where a row jumped. A row that
 * a step leaves where it was, to the bit (a corner of its ball, as a rule), has found where all further steps would leave it: it is
 * asked no more, and the rows that go on close ranks.
 * Source: Madry et al. (2018), "Towards Deep Learning Models Resistant to Adversarial Attacks".
 */
export function gradientSearch(search: GradientSearch): ObservationAttack {
  const { objective, target, schedule, steps, restarts } = search;
  const rule = search.step ?? signStep;
  const ascent = wasmAscent();
  const workspace = searchWorkspace(ascent);
  const ball = linfBall();
  const final = linfBall();
  let unboxed: { readonly of: ThreatModel; readonly threat: ThreatModel } | undefined;

  const check = (head: Head): void => {
    objective.check(head);
    if (target.sided && head.kind === 'categorical') needBothSides('a target with a side', head.values);
  };

  const inner = (threat: ThreatModel): ThreatModel => {
    if (search.box === 'inside') return threat;
    if (unboxed?.of !== threat) unboxed = { of: threat, threat: withoutBox(threat) };
    return unboxed.threat;
  };

  return {
    stage: 'observation',
    access: 'gradient',
    check,
    perturb(x, rows, victim, context, out) {
      const { head } = victim;
      const threat = context.threat;
      const buffers = workspace(rows, victim.observationSize, victim.logitsSize);
      const { goals, goal, position, point, gradient, logits, slope, value, best, rate } = buffers;
      const bound = { objective, goal };
      victim.logits(x, rows, goals.clean);
      target.aim(x, rows, context, goals.side);
      for (let j = 0; j < threat.epsilon.length; j++) {
        buffers.size[j] = schedule.unit === 'epsilon' ? threat.epsilon[j]! : 1;
      }
      ball.around(x, rows, inner(threat));
      out.set(x);
      if (search.keep === 'best') objective.evaluate(head, goals.clean, goals, rows, best, slope);
      else best.fill(Number.NEGATIVE_INFINITY);

      for (let restart = 0; restart < restarts; restart++) {
        const first = restart === 0 && search.start === 'clean';
        let active = rows;
        muster(buffers, ball, x);
        if (first) position.set(x);
        else for (let row = 0; row < rows; row++) ball.sample(row, context.rngs[row]!, position);
        point.set(position);
        for (let k = 0; k < steps && active > 0; k++) {
          victim.valueAndGradient(bound, point, active, value, gradient);
          if (k === 0 && first && search.plateau === 'jump' && jump(buffers, rows, ball, context)) {
            point.set(position);
            victim.valueAndGradient(bound, point, rows, value, gradient);
          }
          if (search.keep === 'best') improve(buffers, active, out);
          rate.fill(schedule.at(k, steps));
          const moved = rule.move(ascent, active);
          if (rule.settles && moved < active) {
            if (search.keep === 'last') improve(buffers, active, out, 0);
            active = closeRanks(buffers, active);
          }
        }
        if (active === 0) continue;
        // An objective may read the number of outputs off the length.
        const outputs = active * victim.logitsSize;
        const last = active === rows ? logits : logits.subarray(0, outputs);
        victim.logits(point, active, last);
        objective.evaluate(head, last, goal, active, value, active === rows ? slope : slope.subarray(0, outputs));
        improve(buffers, active, out);
      }
      if (search.box === 'after') {
        final.around(x, rows, threat);
        final.project(out);
      }
    },
  };
}

/** All rows are searched again, each in its own place. */
function muster(buffers: SearchBuffers, ball: Ball, x: Float32Array): void {
  const { goals, goal, row, lower, upper, clean } = buffers;
  ball.bounds(lower, upper);
  clean.set(x);
  goal.clean.set(goals.clean);
  goal.side.set(goals.side);
  for (let r = 0; r < row.length; r++) row[r] = r;
}

/** Leaves out the rows that did not move; returns how many are left. What a row is searched with moves up with it. */
function closeRanks(buffers: SearchBuffers, active: number): number {
  const { goal, row, moved, position, point, lower, upper, clean } = buffers;
  const features = buffers.size.length;
  const outputs = goal.clean.length / row.length;
  let left = 0;
  for (let r = 0; r < active; r++) {
    if (moved[r] === 0) continue;
    if (left < r) {
      for (const rows of [position, point, lower, upper, clean])
        rows.copyWithin(left * features, r * features, (r + 1) * features);
      goal.clean.copyWithin(left * outputs, r * outputs, (r + 1) * outputs);
      goal.side[left] = goal.side[r]!;
      row[left] = row[r]!;
    }
    left++;
  }
  return left;
}

/** Rows whose gradient is 0 in every feature that may move go to a random point; returns whether any did. */
function jump(buffers: SearchBuffers, rows: number, ball: Ball, context: AttackContext): boolean {
  const features = buffers.size.length;
  let any = false;
  for (let row = 0; row < rows; row++) {
    let still = true;
    for (let i = row * features; still && i < (row + 1) * features; i++) {
      still = !(ball.free(i) && buffers.gradient[i]! !== 0);
    }
    if (!still) continue;
    ball.sample(row, context.rngs[row]!, buffers.position);
    any = true;
  }
  return any;
}

/**
 * Keeps each row's point where its value beats the row's best; a value that is not a number never does.
 * @param only only rows with this mark in `moved`
 */
function improve(buffers: SearchBuffers, active: number, out: Float32Array, only?: number): void {
  const { point, value, best, row, moved } = buffers;
  const features = buffers.size.length;
  for (let r = 0; r < active; r++) {
    const own = row[r]!;
    if (!(value[r]! > best[own]!) || (only !== undefined && moved[r] !== only)) continue;
    best[own] = value[r]!;
    for (let j = 0; j < features; j++) out[own * features + j] = point[r * features + j]!;
  }
}

function withoutBox(threat: ThreatModel): ThreatModel {
  const features = threat.epsilon.length;
  return {
    ...threat,
    low: new Float32Array(features).fill(Number.NEGATIVE_INFINITY),
    high: new Float32Array(features).fill(Number.POSITIVE_INFINITY),
  };
}
