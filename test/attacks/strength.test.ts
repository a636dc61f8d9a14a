import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { attacks } from '../../attacks/index.ts';
import type { AttackName } from '../../attacks/index.ts';
import { metered } from '../../attacks/meter.ts';
import { objectives } from '../../attacks/objective/index.ts';
import type { ObjectiveName } from '../../attacks/objective/index.ts';
import { rng } from '../../core/rng.ts';
import type { GradientAccess } from '../../core/victim.ts';
import { loadPolicy } from '../../nn/policy.ts';
import { policyVictim } from '../../nn/victim.ts';
import { askOf } from '../support/reference-search.ts';
import { heads, randomNetwork, referenceVictim } from '../support/reference-victim.ts';
import { opponents, opponentsReach, reached, rowsOf, shortfall } from '../support/strength.ts';
import { contextOf, threatOf } from '../support/threat.ts';

/** A victim whose logits are `factor` times as large: on bins, its decisions are the same. */
function rescaled(victim: GradientAccess, factor: number): GradientAccess {
  let scaled = new Float32Array(0);
  return {
    ...victim,
    logits(x, rows, out) {
      victim.logits(x, rows, out);
      for (let i = 0; i < out.length; i++) out[i]! *= factor;
    },
    valueAndGradient({ objective, goal }, x, rows, value, gradient) {
      const evaluate: typeof objective.evaluate = (head, logits, own, count, values, slopes) => {
        if (scaled.length !== logits.length) scaled = new Float32Array(logits.length);
        for (let i = 0; i < logits.length; i++) scaled[i] = logits[i]! * factor;
        objective.evaluate(head, scaled, own, count, values, slopes);
        for (let i = 0; i < slopes.length; i++) slopes[i]! *= factor;
      };
      victim.valueAndGradient({ objective: { ...objective, evaluate }, goal }, x, rows, value, gradient);
    },
  };
}

function shipped(name: string): GradientAccess {
  const folder = `${import.meta.dirname}/../../models/${name}`;
  const card = readFileSync(`${folder}/policy.json`, 'utf8');
  return policyVictim(loadPolicy(card, readFileSync(`${folder}/policy.safetensors`), name));
}

const victims: Record<string, () => GradientAccess> = {
  'ppo20-builtin': () => shipped('ppo20-builtin'),
  'sac-builtin': () => shipped('sac-builtin'),
  'a random net': () => referenceVictim(randomNetwork(rng(4), [9, 16, 20], 3), heads.categorical),
};
const epsilon = 0.05;

function uniform(size: number): Float32Array {
  const stream = rng(5);
  return Float32Array.from({ length: size }, () => stream.uniform());
}

/** An attack of ours on rows, so many at a time, and the gradients it asked for a row. */
function ours(name: AttackName, config: object, victim: GradientAccess, x: Float32Array, batch: number) {
  const size = victim.observationSize;
  const rows = x.length / size;
  const out = new Float32Array(x.length);
  const attack = attacks[name].make(config);
  if (attack.access !== 'gradient') throw new Error(`${name} is not a white-box attack`);
  const meter = metered(victim);
  const threat = threatOf(new Float32Array(size).fill(epsilon));
  for (let first = 0; first < rows; first += batch) {
    const count = Math.min(batch, rows - first);
    const [from, to] = [first * size, (first + count) * size];
    const rngs = Array.from({ length: count }, (_, r) => rng(1).split(first + r));
    const own = x.subarray(from, to);
    meter.tally.begin(count);
    attack.perturb(own, count, meter, contextOf(own, threat, rngs), out.subarray(from, to));
  }
  return { out, gradients: meter.tally.gradients / rows };
}

const names = ['pgd', 'apgd', 'acg', 'reacg'] as const;

function expectStrength(
  victim: GradientAccess,
  objective: ObjectiveName,
  rows: number,
  gradients: number,
  batch: number,
): void {
  const size = victim.observationSize;
  const x = uniform(size * rows);
  const ask = askOf(victim, objectives[objective], x);
  const theirs = opponentsReach(ask, x, threatOf(new Float32Array(size).fill(epsilon)), gradients, names);
  const clean = reached(ask(rowsOf(x, size)).value);
  for (const name of names) {
    const run = ours(name, { objective, steps: gradients }, victim, x, batch);
    const found = reached(ask(rowsOf(run.out, size)).value);
    expect(run.gradients).toBeLessThanOrEqual(gradients + 1); // a row without a slope at its start asks once more
    for (const opponent of opponents[name]) {
      const behind = shortfall(found, theirs[opponent]!, clean);
      expect(behind.mean, `${name} beside ${opponent}: mean objective`).toBeLessThanOrEqual(0.01);
      expect(behind.success, `${name} beside ${opponent}: success`).toBeLessThanOrEqual(0.01);
    }
  }
}

it.each([
  ...[1, 0.1, 100].flatMap((factor) =>
    (['margin', 'cross-entropy', 'grouped-margin'] as const).map((name) => ['ppo20-builtin', name, factor] as const),
  ),
  ...[1, 0.1, 100].map((factor) => ['sac-builtin', 'grouped-margin', factor] as const),
  ['a random net', 'margin', 1],
  ['a random net', 'cross-entropy', 100],
] as const)(
  'on %s, %s, logits × %d: at least as strong as independent PGD, APGD and ACG, in as many gradients',
  { timeout: 60_000 },
  (victim, objective, factor) => {
    expectStrength(rescaled(victims[victim]!(), factor), objective, 100, 40, 100);
  },
);

it('is as strong at a batch of 8192: each row is what it is alone', { timeout: 60_000 }, () => {
  const victim = victims['ppo20-builtin']!();
  const x = uniform(victim.observationSize * 8192);
  for (const name of ['apgd', 'acg'] as const) {
    const config = { objective: 'margin', steps: 8 };
    const { out } = ours(name, config, victim, x, 8192);
    const some = x.subarray(0, 100 * victim.observationSize);
    expect(out.subarray(0, some.length)).toEqual(ours(name, config, victim, some, 100).out);
  }
});

it.each(['pgd', 'apgd', 'acg', 'reacg', 'mi-fgsm', 'ni-fgsm', 'apgd-t'] as const)(
  '%s finds the same at batch 1 and 100, and with logits × 0.125 and × 64, to the bit',
  (name) => {
    // Powers of two, so that nothing is rounded differently. No cross-entropy: its gradient is not one of scaled logits.
    const victim = victims['ppo20-builtin']!();
    const x = uniform(victim.observationSize * 24);
    const config = { objective: name === 'apgd-t' ? 'dlr' : 'margin', steps: 12 };
    const { out } = ours(name, config, victim, x, 100);
    expect(ours(name, config, victim, x, 1).out).toEqual(out);
    if (name === 'reacg') return; // its coefficients are of gradients on two scales
    expect(ours(name, config, rescaled(victim, 0.125), x, 100).out).toEqual(out);
    expect(ours(name, config, rescaled(victim, 64), x, 100).out).toEqual(out);
  },
);
