import { describe, expect, it } from 'vitest';
import { jointly, lessScore, withScore } from '../../attacks/joint.ts';
import { objectives } from '../../attacks/objective/index.ts';
import type { ObjectiveName } from '../../attacks/objective/index.ts';
import { gradientSearch } from '../../attacks/search/gradient-loop.ts';
import { cosine } from '../../attacks/step/schedule.ts';
import { targets } from '../../attacks/target/index.ts';
import { goalOf } from '../../core/goal.ts';
import { headOutputs } from '../../core/policy.ts';
import { rng } from '../../core/rng.ts';
import type { DifferentiableScore, GradientAccess } from '../../core/victim.ts';
import { centralDifference } from '../support/central-difference.ts';
import { heads, randomNetwork, referenceVictim } from '../support/reference-victim.ts';
import { contextOf, threatOf } from '../support/threat.ts';

const size = 6;
const rows = 3;

/** How far a row is from one half, squared: a detector that knows nothing else. */
const distance: DifferentiableScore = {
  name: 'distance',
  evaluate(x, count, value, gradient) {
    for (let r = 0; r < count; r++) {
      value[r] = 0;
      for (let i = r * size; i < (r + 1) * size; i++) {
        value[r]! += (x[i]! - 0.5) ** 2;
        gradient[i] = 2 * (x[i]! - 0.5);
      }
    }
  },
};

const victimOf = (kind: keyof typeof heads): GradientAccess =>
  referenceVictim(randomNetwork(rng(2), [size, 8, headOutputs(heads[kind])]), heads[kind]);
const drawn = (seed: number): Float32Array => {
  const stream = rng(seed);
  return Float32Array.from({ length: rows * size }, () => stream.uniform());
};

describe.each([
  ['categorical', 'margin'],
  ['categorical', 'kl'],
  ['squashed-gaussian', 'grouped-margin'],
  ['gaussian', 'action-distance'],
  ['deterministic', 'executed-action-distance'],
] as const)('on a %s head, %s less a score', (kind, name: ObjectiveName) => {
  const victim = victimOf(kind);
  const both = withScore(victim, distance);
  const objective = lessScore(objectives[name], 0.7);

  it('has the value of the one less the other, and the gradient of central differences', () => {
    const x = drawn(3);
    const goal = goalOf(both, rows);
    both.logits(drawn(4), rows, goal.clean);
    const plain = goalOf(victim, rows);
    victim.logits(drawn(4), rows, plain.clean);
    const value = new Float32Array(rows);
    const gradient = new Float32Array(x.length);
    both.valueAndGradient({ objective, goal }, x, rows, value, gradient);
    const alone = new Float32Array(rows);
    victim.valueAndGradient({ objective: objectives[name], goal: plain }, x, rows, alone, new Float32Array(x.length));
    const score = new Float32Array(rows);
    distance.evaluate(x, rows, score, new Float32Array(x.length));
    value.forEach((v, r) => expect(v).toBeCloseTo(alone[r]! - 0.7 * score[r]!, 5));
    for (let i = 0; i < x.length; i++) {
      const quotient = centralDifference(x, i, 1 / 256, () => {
        const moved = new Float32Array(rows);
        both.valueAndGradient({ objective, goal }, x, rows, moved, new Float32Array(x.length));
        return moved[Math.floor(i / size)]!;
      });
      expect(Math.abs(quotient - gradient[i]!)).toBeLessThan(0.02 * Math.max(1, Math.abs(gradient[i]!)));
    }
  });

  it('is attacked as one: the more the score weighs, the lower it stays', () => {
    const x = drawn(5);
    const scoreAt = (weight: number): number => {
      const attack = jointly(
        (of) =>
          gradientSearch({
            objective: of,
            target: targets.untargeted,
            schedule: cosine(2),
            steps: 30,
            restarts: 1,
            start: 'random',
            keep: 'best',
            plateau: 'jump',
            box: 'inside',
          }),
        objectives[name],
        () => distance,
        weight,
      );
      const out = new Float32Array(x.length);
      const rngs = Array.from({ length: rows }, (_, r) => rng(6).split(r));
      attack.perturb(x, rows, victim, contextOf(x, threatOf(new Float32Array(size).fill(0.2)), rngs), out);
      const score = new Float32Array(rows);
      distance.evaluate(out, rows, score, new Float32Array(x.length));
      return score.reduce((sum, v) => sum + v, 0);
    };
    expect(scoreAt(1000)).toBeLessThan(scoreAt(0));
    const nearest = x.reduce((sum, v) => sum + Math.max(0, Math.abs(v - 0.5) - 0.2) ** 2, 0);
    expect(scoreAt(1000)).toBeCloseTo(nearest, 3); // all that there is to lower
  });
});
