import { ShapeError } from '../core/errors.ts';
import { headActions } from '../core/policy.ts';
import type { Head, PolicyCard } from '../core/policy.ts';
import type { GradientAccess } from '../core/victim.ts';
import type { Network } from './network.ts';
import { headReads } from './policy-card.ts';

/** White-box access to a policy. The policy stays the caller's to dispose. */
export function policyVictim(policy: {
  readonly network: Pick<Network, 'inputs' | 'outputs' | 'forward' | 'backwardInput'>;
  readonly card: Pick<PolicyCard, 'head'>;
}): GradientAccess {
  const { network, card } = policy;
  const { head } = card;
  // Views of exactly [rows×K]; rows seldom change, so neither do they.
  let logits = new Float32Array(network.outputs);
  let dLogits = new Float32Array(network.outputs);
  const reserve = (rows: number): void => {
    const length = rows * network.outputs;
    if (logits.length === length) return;
    const fits = logits.buffer.byteLength >= 4 * length;
    logits = fits ? new Float32Array(logits.buffer, 0, length) : new Float32Array(length);
    dLogits = fits ? new Float32Array(dLogits.buffer, 0, length) : new Float32Array(length);
  };
  return {
    observationSize: network.inputs,
    actionSize: headActions(head),
    logitsSize: network.outputs,
    head,
    decide(x, rows, action) {
      reserve(rows);
      network.forward(x, rows, logits);
      decodeAction(head, logits, rows, action);
    },
    logits(x, rows, out) {
      network.forward(x, rows, out);
    },
    valueAndGradient({ objective, goal }, x, rows, value, gradient) {
      reserve(rows);
      network.forward(x, rows, logits);
      dLogits.fill(0); // only the logits an objective names pass a gradient on
      objective.evaluate(head, logits, goal, rows, value, dLogits);
      network.backwardInput(dLogits, rows, gradient);
    },
  };
}

/**
 * The deterministic action (the mode) of a head, in physical units and float64. The first of equal logits wins.
 * @param logits [rows×K]  @param action [rows×A]
 * @throws {ShapeError} when K is not what the head reads.
 */
export function decodeAction(head: Head, logits: Float32Array, rows: number, action: Float64Array): void {
  if (rows === 0) return;
  const outputs = logits.length / rows;
  const actions = headActions(head);
  if (!headReads(head, outputs))
    throw new ShapeError(`decodeAction: ${logits.length} logits in ${rows} rows do not fit the ${head.kind} head`);
  if (action.length < rows * actions)
    throw new ShapeError(`decodeAction: action has ${action.length} values, expected at least ${rows}×${actions}`);
  if (head.kind === 'categorical') {
    for (let row = 0; row < rows; row++) action[row] = head.values[argMax(logits, row * outputs, outputs)]!;
    return;
  }
  for (let row = 0; row < rows; row++) {
    for (let a = 0; a < actions; a++) {
      action[row * actions + a] = mode(head.kind, logits[row * outputs + a]!, head.low[a]!, head.high[a]!);
    }
  }
}

function mode(kind: Exclude<Head['kind'], 'categorical'>, mean: number, low: number, high: number): number {
  if (kind === 'deterministic') return clip(mean, low, high);
  const unit = kind === 'gaussian' ? clip(mean, 0, 1) : (Math.tanh(mean) + 1) / 2;
  return low + unit * (high - low);
}

function clip(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

function argMax(values: Float32Array, at: number, count: number): number {
  let best = 0;
  for (let i = 1; i < count; i++) if (values[at + i]! > values[at + best]!) best = i;
  return best;
}
