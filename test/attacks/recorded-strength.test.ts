import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { ObjectiveName } from '../../attacks/objective/index.ts';
import {
  attackRecorded,
  compare,
  everyRow,
  recordedObservations,
  stretchedPolicy,
} from '../support/recorded-attack.ts';
import { sharedMissing, sharedPath, skipWithoutShared } from '../support/shared.ts';

/*
 * `faultline attack` on what shipped controllers observed in the closed loop, beside independent PGD, APGD, ACG and ReACG: a quick part of
 * what `bench/attack-strength.ts` measures in full.
 */
const scratch = mkdtempSync(join(tmpdir(), 'faultline-strength-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
vi.spyOn(process.stderr, 'write').mockReturnValue(true); // the command says each time that it is done

const gradients = 30;
const threat = { preset: 'paper-5%' };

async function expectStrength(name: string, factor: number, objective: ObjectiveName, x: Float32Array): Promise<void> {
  const folder = stretchedPolicy(name, factor, scratch);
  const attacks = ['pgd', 'apgd', 'acg', 'reacg'] as const;
  for (const found of await compare({ folder, scratch, x, objective, gradients, threat, attacks })) {
    const title = `${found.attack}, logits × ${factor}`;
    expect(found.gradientsPerRow, title).toBeLessThanOrEqual(gradients);
    expect(found.ours.mean, title).toBeGreaterThan(found.clean.mean);
    expect(found.changed.said, title).toBe(found.changed.seen);
    expect(found.behind.success, `${title}: success`).toBeLessThanOrEqual(0.01);
    expect(found.behind.mean, `${title}: mean objective`).toBeLessThanOrEqual(0.01);
  }
}

describe.each([
  ['ppo20-builtin', 'margin'],
  ['dqn-builtin', 'margin'],
  ['sac-builtin', 'grouped-margin'],
  ['ppo-builtin', 'grouped-margin'],
] as const)('on %s as recorded, %s', (name, objective) => {
  const year = recordedObservations(name, 7901);

  it.each([0.1, 1, 100])('is at least as strong, with logits × %d', { timeout: 240_000 }, async (factor) => {
    await expectStrength(name, factor, objective, everyRow(await year, 31, 79, 100));
  });
  it('finds the same, to the bit, on a row at a time', { timeout: 240_000 }, async () => {
    const folder = stretchedPolicy(name, 1, scratch);
    const x = everyRow(await year, 31, 1001, 4);
    const config = { objective, steps: gradients, again: false }; // a row that begins anew does so by a stream of its own
    for (const attack of ['apgd', 'acg']) {
      const run = async (rows: Float32Array) =>
        (await attackRecorded(folder, scratch, rows, attack, config, threat)).adversarial;
      const together = await run(x);
      for (let r = 0; r < 4; r++)
        expect(await run(x.slice(31 * r, 31 * (r + 1)))).toEqual(together.slice(31 * r, 31 * (r + 1)));
    }
  });
});

const dataset = sharedPath('datasets/citylearn_challenge_2022_phase_2');
skipWithoutShared('strength on Building_6 as recorded');
it.skipIf(sharedMissing)(
  'is at least as strong on Building_6 of the 2022 challenge as recorded',
  { timeout: 240_000 },
  async () => {
    const year = await recordedObservations('ppo20-builtin', 7901, { dataset, building: 'Building_6' });
    await expectStrength('ppo20-builtin', 1, 'margin', everyRow(year, 31, 79, 100));
  },
);
