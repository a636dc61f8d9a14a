import type { ThreatModel } from '../../core/attack.ts';
import type { ActionEffect } from '../../core/environment.ts';
import { goalOf } from '../../core/goal.ts';
import type { Goal, GradientAccess, Objective } from '../../core/victim.ts';
import { unitAction, unitActionSlope } from '../../logits/unit-action.ts';
import { threatSet } from '../ball/threat-set.ts';
import { actionRange, onUnit } from '../critic/transitions.ts';
import { shift } from './actuator.ts';

/** The effect of a perturbation, and what it was in the environment. */
interface ShiftEffect extends ActionEffect {
  /** The victims acted. @param action [N×E] physical */
  took(action: Float64Array): void;
}

/**
 * What a perturbation does is what the victim does on it: `e(x, δ) = μ(Π(x + ε ⊙ δ))`, one number a battery on −1 … 1, and its slope through
 * the victim. On bins the slope is that of the mean over the softmax, as the decision has none; Π counts as the identity.
 *
 * Judged by itself, one of m components moves the action by 1/m of the reach, and noise on all of them by 1/√m: a critic has to learn the victim
 * from rewards before it can tell one perturbation from another. Judged by what it does, m does not matter.
 * @param lanes N
 */
export function shiftEffect(victim: GradientAccess, threat: ThreatModel, lanes: number): ShiftEffect {
  const { head, actionSize: size, observationSize: inputs } = victim;
  const [low, high] = actionRange(head);
  const free = Int32Array.from(threat.epsilon.keys()).filter((j) => threat.epsilon[j]! > 0);
  const set = threatSet(threat);
  let shown = new Float32Array(0); // [B×O]
  let gradient = shown;
  let choice = new Float64Array(0);
  let action = choice;
  let value = shown;
  let goal: Goal | undefined;
  const reserve = (rows: number): void => {
    if (shown.length === rows * inputs) return;
    shown = new Float32Array(rows * inputs);
    gradient = new Float32Array(rows * inputs);
    value = new Float32Array(rows);
    choice = new Float64Array(rows * free.length);
    action = new Float64Array(rows * size);
    goal = goalOf(victim, rows);
  };
  const show = (x: Float32Array, delta: Float32Array, rows: number): void => {
    reserve(rows);
    choice.set(delta.subarray(0, choice.length));
    set.around(x, rows, threat);
    shift.act(x, rows, choice, victim, threat, set, shown);
  };
  const toUnit = (physical: Float64Array, out: Float32Array): void => {
    for (let i = 0; i < out.length; i++) out[i] = onUnit(physical[i]!, low[i % size]!, high[i % size]!);
  };
  const last = new Float32Array(lanes * size);
  return {
    size,
    last,
    took: (physical) => toUnit(physical, last),
    of(x, delta, rows, effect) {
      show(x, delta, rows);
      victim.decide(shown, rows, action);
      toUnit(action, effect.subarray(0, rows * size));
    },
    backward(x, delta, rows, dEffect, dDelta) {
      show(x, delta, rows);
      victim.valueAndGradient({ objective: weighed(dEffect, size), goal: goal! }, shown, rows, value, gradient);
      for (let row = 0, c = 0; row < rows; row++)
        for (const j of free) dDelta[c++] = gradient[row * inputs + j]! * threat.epsilon[j]!;
    },
  };
}

/** `Σ_b d_b · a_b`, a the actions on −1 … 1. @param d [rows×A] */
function weighed(d: Float32Array, size: number): Objective {
  return {
    name: 'weighed-action',
    check() {},
    evaluate(head, logits, _goal, rows, value, gradient) {
      const stride = logits.length / rows;
      gradient.fill(0);
      for (let r = 0, at = 0; r < rows; r++, at += stride) {
        value[r] = 0;
        if (head.kind !== 'categorical') {
          for (let b = 0; b < size; b++) {
            value[r]! += d[r * size + b]! * (2 * unitAction(head, b, logits[at + b]!) - 1);
            gradient[at + b] = d[r * size + b]! * 2 * unitActionSlope(head, b, logits[at + b]!);
          }
          continue;
        }
        const [[low], [high]] = actionRange(head);
        let largest = Number.NEGATIVE_INFINITY;
        for (let i = 0; i < stride; i++) largest = Math.max(largest, logits[at + i]!);
        let total = 0;
        let mean = 0;
        for (let i = 0; i < stride; i++) {
          const weight = Math.exp(logits[at + i]! - largest);
          total += weight;
          mean += weight * onUnit(head.values[i]!, low!, high!);
        }
        mean /= total;
        value[r] = d[r]! * mean;
        for (let i = 0; i < stride; i++) {
          const share = Math.exp(logits[at + i]! - largest) / total;
          gradient[at + i] = d[r]! * share * (onUnit(head.values[i]!, low!, high!) - mean);
        }
      }
    },
  };
}
