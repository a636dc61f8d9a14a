import { StateError } from '../../core/errors.ts';
import type { Head } from '../../core/policy.ts';
import { headActions } from '../../core/policy.ts';
import type { Objective } from '../../core/victim.ts';
import { logSoftmax } from '../../logits/log-softmax.ts';
import { unitAction, unitActionSlope } from '../../logits/unit-action.ts';
import type { QFunction } from './q-function.ts';
import { actionRange, onUnit } from './transitions.ts';

/**
 * `−Q(x, μ(x'))`: the action at the perturbed observation, judged at the true one, by the chain rule through the policy. On bins the mean over
 * the softmax, `−Σ_i π_i(x') Q(x, a_i)`. Source: min-Q, Pattanaik et al. (2018), "Robust Deep RL with Adversarial Attacks".
 * @param critic read at every evaluation; undefined until it has been learnt
 */
export function minQ(critic: () => QFunction | undefined): Objective {
  const onMeans = meansOf(critic);
  const onBins = binsOf(critic);
  return {
    name: 'min-q',
    check() {},
    evaluate(head, ...rest) {
      (head.kind === 'categorical' ? onBins : onMeans)(head, ...rest);
    },
  };
}

type Evaluate = Objective['evaluate'];

function known(critic: QFunction | undefined): QFunction {
  if (critic === undefined) throw new StateError('min-q: the critic has not been learnt; an attack is prepared first');
  return critic;
}

function meansOf(critic: () => QFunction | undefined): Evaluate {
  let action = new Float32Array(0);
  let slope = action;
  return (head, logits, goal, rows, value, gradient) => {
    if (head.kind === 'categorical') return;
    const actions = headActions(head);
    const stride = logits.length / rows;
    if (action.length < rows * actions) {
      action = new Float32Array(rows * actions);
      slope = new Float32Array(rows * actions);
    }
    for (let r = 0; r < rows; r++)
      for (let b = 0; b < actions; b++) action[r * actions + b] = 2 * unitAction(head, b, logits[r * stride + b]!) - 1;
    known(critic()).valueAndSlope(goal.x, action, rows, value, slope);
    gradient.fill(0);
    for (let r = 0; r < rows; r++) {
      value[r] = -value[r]!;
      for (let b = 0; b < actions; b++)
        gradient[r * stride + b] = -2 * slope[r * actions + b]! * unitActionSlope(head, b, logits[r * stride + b]!);
    }
  };
}

function binsOf(critic: () => QFunction | undefined): Evaluate {
  let of: QFunction | undefined; // the critic that the table is of, and the observations
  let seen: Float32Array = new Float32Array(0);
  let table = seen; // [rows×K] Q of every bin
  let wide = seen; // [rows·K×O]
  let actions = seen;
  return (head, logits, goal, rows, value, gradient) => {
    if (head.kind !== 'categorical') return;
    const size = head.values.length;
    const inputs = goal.x.length / goal.action.length;
    const q = known(critic());
    if (of !== q || !same(seen, goal.x, rows * inputs)) {
      of = q;
      if (seen.length !== rows * inputs) {
        seen = new Float32Array(rows * inputs);
        table = new Float32Array(rows * size);
        wide = new Float32Array(rows * size * inputs);
        actions = tiled(head, rows);
      }
      seen.set(goal.x.subarray(0, rows * inputs));
      for (let r = 0; r < rows; r++)
        for (let i = 0; i < size; i++) wide.set(seen.subarray(r * inputs, (r + 1) * inputs), (r * size + i) * inputs);
      q.value(wide, actions, rows * size, table);
    }
    for (let r = 0, at = 0; r < rows; r++, at += size) {
      logSoftmax(logits, at, size, gradient);
      let mean = 0;
      for (let i = at; i < at + size; i++) {
        gradient[i] = Math.exp(gradient[i]!);
        mean += gradient[i]! * table[i]!;
      }
      for (let i = at; i < at + size; i++) gradient[i]! *= mean - table[i]!;
      value[r] = -mean;
    }
  };
}

/** Every bin's action on −1 … 1, over and over [rows×K]. */
function tiled(head: Extract<Head, { kind: 'categorical' }>, rows: number): Float32Array {
  const [[low], [high]] = actionRange(head);
  const { values } = head;
  return Float32Array.from({ length: rows * values.length }, (_, i) => onUnit(values[i % values.length]!, low!, high!));
}

function same(held: Float32Array, x: Float32Array, length: number): boolean {
  if (held.length !== length) return false;
  for (let i = 0; i < length; i++) if (held[i] !== x[i]) return false;
  return true;
}
