import { expect, it } from 'vitest';
import type { Head } from '../../core/policy.ts';
import { rng } from '../../core/rng.ts';
import { notesOf, openLoopAttack } from '../../evaluation/attack-batch.ts';
import { randomNetwork, referenceVictim } from '../support/reference-victim.ts';

it('what an attack says of itself on a policy is there where it has something to say', () => {
  const spec = { name: 'pgd', config: { objective: 'dlr' }, threat: {} };
  const on = (values: readonly number[]): object => {
    const head: Head = { kind: 'categorical', values };
    return notesOf(openLoopAttack(spec), referenceVictim(randomNetwork(rng(1), [3, values.length]), head));
  };
  expect(on([-1, 1])).toEqual({ notes: [expect.stringMatching(/'margin' was maximised/)] });
  expect(on([-1, 0, 1])).toEqual({});
});
