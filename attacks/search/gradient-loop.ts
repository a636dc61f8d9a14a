import type { AttackContext, ObservationAttack, ThreatModel } from '../../core/attack.ts';
import type { Head } from '../../core/policy.ts';
import type { Objective } from '../../core/victim.ts';
import type { Ball } from '../ball/linf.ts';
import { linfBall } from '../ball/linf.ts';
import { needBothSides } from '../objective/categorical.ts';
import type { StepRule } from '../step/rule.ts';
import type { StepSchedule } from '../step/schedule.ts';
import { signStep } from '../step/sign.ts';
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
 * Costs `steps · restarts` gradients and `1 + restarts` forward passes a row, and one gradient more where a row jumped.
 * Source: Madry et al. (2018), "Towards Deep Learning Models Resistant to Adversarial Attacks".
 */
export function gradientSearch(search: GradientSearch): ObservationAttack {
  const { objective, target, schedule, steps, restarts } = search;
  const step = search.step ?? signStep;
  const workspace = searchWorkspace();
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
      const { goal, position, point, gradient, logits, slope, value, best } = buffers;
      const bound = { objective, goal };
      victim.logits(x, rows, goal.clean);
      target.aim(x, rows, context, goal.side);
      for (let j = 0; j < threat.epsilon.length; j++) {
        buffers.size[j] = schedule.unit === 'epsilon' ? threat.epsilon[j]! : 1;
      }
      ball.around(x, rows, inner(threat));
      out.set(x);
      if (search.keep === 'best') objective.evaluate(head, goal.clean, goal, rows, best, slope);
      else best.fill(Number.NEGATIVE_INFINITY);

      for (let restart = 0; restart < restarts; restart++) {
        if (restart === 0 && search.start === 'clean') position.set(x);
        else for (let row = 0; row < rows; row++) ball.sample(row, context.rngs[row]!, position);
        for (let k = 0; k < steps; k++) {
          point.set(position);
          victim.valueAndGradient(bound, point, rows, value, gradient);
          if (restart === 0 && k === 0 && search.plateau === 'jump' && search.start === 'clean') {
            if (jump(buffers, rows, ball, context)) {
              point.set(position);
              victim.valueAndGradient(bound, point, rows, value, gradient);
            }
          }
          if (search.keep === 'best') improve(buffers, rows, out);
          step.move(position, gradient, rows, buffers.size, schedule.at(k, steps));
          ball.project(position);
        }
        point.set(position);
        victim.logits(point, rows, logits);
        objective.evaluate(head, logits, goal, rows, value, slope);
        improve(buffers, rows, out);
      }
      if (search.box === 'after') {
        final.around(x, rows, threat);
        final.project(out);
      }
    },
  };
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

/** Keeps each row's point where its value beats the row's best; a value that is not a number never does. */
function improve(buffers: SearchBuffers, rows: number, out: Float32Array): void {
  const { point, value, best } = buffers;
  const features = buffers.size.length;
  for (let row = 0; row < rows; row++) {
    if (!(value[row]! > best[row]!)) continue;
    best[row] = value[row]!;
    for (let i = row * features; i < (row + 1) * features; i++) out[i] = point[i]!;
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
