import { z } from 'zod';
import { goalOf } from '../core/goal.ts';
import { argMax } from '../logits/row.ts';
import { neutral } from '../logits/neutral.ts';
import type { Head } from '../core/policy.ts';
import { define } from './define.ts';
import { objectiveOf } from './objective/index.ts';
import { objectiveField, targetField } from './options.ts';
import { questioning } from './questioning.ts';
import { targetOf } from './target/index.ts';
import { learning } from './target/learning.ts';

/**
 * ACG as ART 1.16 runs it, one observation at a time, defects included: the step is the raw conjugate direction, not its sign; the sign
 * stands for the earlier gradient inside β; the last iterate is returned, not the best, and where it fails the random start. A start is
 * drawn around the point of the start before. One thing it cannot do here: its random starts moved masked features.
 * Source: art/attacks/evasion/auto_conjugate_gradient.py as recorded in arXiv 2407.05182; the defaults are those of its bifurcated runs.
 */
export const acgArt = define(
  'ACG, as ART 1.16 runs it',
  'Adversarial Robustness Toolbox 1.16 (arXiv 2407.05182)',
  z.strictObject({
    objective: objectiveField('paper-grouped-margin'),
    target: targetField,
    steps: z.int().min(1).max(100_000).default(20).meta({ title: 'Steps', description: 'Gradients per start.' }),
    restarts: z.int().min(1).max(10_000).default(50).meta({ title: 'Starts', description: 'All of them at random.' }),
    stepSize: z
      .number()
      .positive()
      .max(1e6)
      .default(2)
      .meta({ title: 'Step size', description: 'First step, times ε.' }),
  }),
  ({ objective: objectiveName, target: targetName, steps, restarts, stepSize }) => {
    const objective = objectiveOf(objectiveName);
    const target = targetOf(targetName);
    const checks = checkpointsOf(steps);
    const bySide = typeof objectiveName === 'string' && objectiveName.includes('grouped');
    const attack = questioning(
      (head) => objective.check(head),
      function* (x, rows, victim, context, out) {
        const { head, observationSize: features, logitsSize } = victim;
        const { epsilon } = context.threat;
        const goals = goalOf(victim, rows);
        goals.x.set(x);
        yield { kind: 'logits', x, rows, out: goals.clean };
        target.aim(rows, context, goals, victim);
        const numbers = () => new Float64Array(features);
        let [now, s, sBefore, gBefore] = [numbers(), numbers(), numbers(), numbers()];
        const kept = { x: numbers(), s: numbers(), g: numbers() };
        const batch = new Float64Array(x.length); // where the row's set is asked
        const point = new Float32Array(features);
        const gradient = new Float32Array(features);
        const value = new Float32Array(1);
        const logits = new Float32Array(logitsSize);
        const slope = new Float32Array(logitsSize);
        for (let r = 0; r < rows; r++) {
          const of = Int32Array.of(r);
          const actions = goals.side.length / rows;
          const goal = {
            x: goals.x.subarray(r * features, (r + 1) * features),
            clean: goals.clean.subarray(r * logitsSize, (r + 1) * logitsSize),
            side: goals.side.subarray(r * actions, (r + 1) * actions),
            action: goals.action.subarray(r * actions, (r + 1) * actions),
          };
          const targeted = goal.side[0] !== 0 || !Number.isNaN(goal.action[0]);
          const own = (values: Float64Array): void => {
            batch.set(values);
            context.set.project(batch, 1, of);
            values.set(batch.subarray(0, features));
          };
          const ask = function* () {
            point.set(now);
            yield { kind: 'logits' as const, x: point, rows: 1, out: logits, of };
            objective.evaluate(head, logits, goal, 1, value, slope);
            return value[0]!;
          };
          let reached = Float64Array.from(x.subarray(r * features, (r + 1) * features));
          for (let start = 0; start < restarts; start++) {
            now.set(reached);
            yield* ask();
            if (fools(head, logits, goal, bySide)) break;
            const rng = context.rngs[r]!;
            for (let j = 0; j < features; j++) now[j] = reached[j]! + epsilon[j]! * (2 * rng.uniform() - 1);
            own(now);
            const random = now.slice();
            let eta = stepSize;
            let [count, most, mostThen, etaThen] = [0, 0, 0, 0];
            for (let k = 0, check = 1; k < steps; k++) {
              point.set(now);
              yield { kind: 'gradient', objective: { objective, goal }, x: point, rows: 1, value, gradient, of };
              const first = value[0]!;
              let [over, under] = [0, 0];
              for (let j = 0; j < features; j++) {
                const difference = gradient[j]! - gBefore[j]!;
                over += gradient[j]! * difference;
                under += sBefore[j]! * difference;
              }
              const beta = k === 0 ? 0 : over / (under - 1.19e-7);
              for (let j = 0; j < features; j++) s[j] = gradient[j]! + (k === 0 ? 0 : beta * sBefore[j]!);
              if (k === 0) kept.x.set(now);
              for (let j = 0; j < features; j++) if (epsilon[j]! > 0) now[j]! += eta * epsilon[j]! * s[j]!;
              own(now);
              const loss = yield* ask();
              if (k === 0) {
                // The larger of ART's losses, also when it minimises one: then ours is the smaller.
                const better = targeted ? loss <= first : loss >= first;
                most = mostThen = better ? loss : first;
                etaThen = eta;
                if (better) kept.x.set(now);
                if (loss > first) count++;
                gBefore.set(gradient);
                sBefore.set(gradient);
                kept.g.set(gBefore);
                kept.s.set(sBefore);
              } else {
                if (loss === 0) break;
                gBefore.set(s.map(Math.sign));
                sBefore.set(s);
                if (loss > most) {
                  most = loss;
                  count++;
                  kept.x.set(now);
                  kept.g.set(gBefore);
                  kept.s.set(sBefore);
                }
              }
              if (k !== checks[check]) continue;
              const window = checks[check]! - checks[check - 1]!;
              check++;
              const halve = count < 0.75 * window || (eta === etaThen && most === mostThen);
              [etaThen, mostThen, count] = [eta, most, 0];
              if (!halve) continue;
              eta /= 2;
              now.set(kept.x);
              gBefore.set(kept.g);
              sBefore.set(kept.s);
            }
            yield* ask();
            reached = fools(head, logits, goal, bySide) ? now.slice() : random;
          }
          for (let j = 0; j < features; j++) out[r * features + j] = reached[j]!;
        }
      },
    );
    return { ...attack, ...learning(target, objective) };
  },
);

/** `⌈w N⌉` for w = 0, 0.22, … each gap 0.03 shorter than the last, 0.06 at least, while w ≤ 1. */
function checkpointsOf(steps: number): readonly number[] {
  const shares = [0, 0.22];
  for (;;) {
    const [before, last] = [shares.at(-2)!, shares.at(-1)!];
    const next = last + Math.max(last - before - 0.03, 0.06);
    if (next > 1) return shares.map((share) => Math.ceil(share * steps - 1e-9));
    shares.push(next);
  }
}

/** Whether logits have left the clean decision, or its side, or are where the goal wants them. */
function fools(
  head: Head,
  logits: Float32Array,
  goal: { readonly clean: Float32Array; readonly side: Int8Array },
  bySide: boolean,
): boolean {
  if (head.kind === 'categorical') {
    const now = argMax(logits, 0, head.values.length);
    const before = argMax(goal.clean, 0, head.values.length);
    if (goal.side[0] !== 0) return Math.sign(head.values[now]!) === goal.side[0];
    return bySide ? Math.sign(head.values[now]!) !== Math.sign(head.values[before]!) : now !== before;
  }
  const side = (from: Float32Array): number => Math.sign(from[0]! - neutral(head, 0));
  return goal.side[0] === 0 ? side(logits) !== side(goal.clean) : side(logits) === goal.side[0];
}
