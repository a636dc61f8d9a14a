import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../../core/run.ts';
import { navigatorLayer, stixBundle } from '../../../evaluation/report/stix.ts';
import { taggedAttacks, techniquesOf } from '../../../evaluation/report/techniques.ts';
import { vocabulary } from '../../../evaluation/vocabulary.ts';

const lane = (attack: string, regret?: number) => ({
  lane: `B/${attack}`,
  building: 'B',
  attack,
  steps: 24,
  return: 0,
  kpis: { electricity_consumption_total: 1 },
  ...(regret === undefined ? {} : { regret: { electricity_consumption_total: regret } }),
});
const result: RunResult = {
  format: 'faultline-result',
  version: 1,
  scenario: {
    name: 'tags',
    attacks: [{ name: 'pgd' }, { name: 'fgsm', label: 'mine' }, { name: 'action-flip' }, { name: 'none' }],
  },
  seed: 0,
  versions: {},
  hashes: { scenario: '', data: '', model: '', code: '' },
  lanes: [lane('clean'), lane('pgd', 0.1), lane('mine', 0.3), lane('action-flip', 0.2), lane('none', 0)],
  checks: [],
  timing: { seconds: 1.5, stepsPerSecond: 1, gradientsPerSecond: 1 },
};
const origin = { at: new Date('2026-03-04T05:06:07.000Z'), resultJson: new TextEncoder().encode('{}') };

interface Stix {
  readonly id: string;
  readonly objects: readonly Record<string, unknown>[];
}

describe('techniques', () => {
  it('every attack of the registry has its own, and no other name has any', () => {
    expect([...taggedAttacks].toSorted()).toEqual(Object.keys(vocabulary.attacks).toSorted());
    expect(techniquesOf('constructor')).toEqual([]);
    const untagged = Object.keys(vocabulary.attacks).filter((name) => techniquesOf(name).length === 0);
    expect(untagged).toEqual(['none']);
  });

  it('have the ids of their catalogues', () => {
    for (const technique of taggedAttacks.flatMap(techniquesOf)) {
      const form = technique.framework === 'ATLAS' ? /^AML\.T\d{4}(\.\d{3})?$/ : /^T\d{4}(\.\d{3})?$/;
      expect(technique.id).toMatch(form);
    }
  });
});

describe('a STIX bundle', () => {
  const bundle = stixBundle(result, origin) as Stix;
  const of = (type: string) => bundle.objects.filter((one) => one['type'] === type);

  it('refers to nothing that is not in it, and names each object once', () => {
    const ids = bundle.objects.map(({ id }) => id as string);
    expect(new Set(ids).size).toBe(ids.length);
    const refs = bundle.objects.flatMap((one) => [
      ...((one['object_refs'] as string[] | undefined) ?? []),
      ...(one['created_by_ref'] === undefined ? [] : [one['created_by_ref'] as string]),
    ]);
    expect(refs.length).toBeGreaterThan(10);
    for (const ref of refs) expect(ids).toContain(ref);
    for (const { id, type } of bundle.objects)
      expect(id).toMatch(
        new RegExp(`^${String(type)}--[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`),
      );
  });

  it('has a pattern for each technique and a note for each attack', () => {
    const expected = new Set(['pgd', 'fgsm', 'action-flip'].flatMap(techniquesOf).map(({ id }) => id));
    const external = of('attack-pattern').map(
      (one) => (one['external_references'] as { external_id: string }[])[0]!.external_id,
    );
    expect(new Set(external)).toEqual(expected);
    expect(external).toHaveLength(expected.size);
    const notes = of('note');
    expect(notes.map((one) => one['abstract'])).toContain('mine (fgsm) in a simulated evaluation');
    expect(notes.find((one) => (one['abstract'] as string).startsWith('mine'))!['content']).toContain(
      'B/mine: regret in electricity_consumption_total 0.3000',
    );
    expect(of('observed-data')[0]).toMatchObject({
      first_observed: '2026-03-04T05:06:05.500Z',
      last_observed: '2026-03-04T05:06:07.000Z',
      number_observed: 1,
    });
  });

  it('is the same for the same result, and another for another', () => {
    expect(stixBundle(result, origin)).toEqual(bundle);
    const other = stixBundle(result, { ...origin, resultJson: new Uint8Array(1) }) as Stix;
    expect(other.id).not.toBe(bundle.id);
  });
});

describe('a Navigator layer', () => {
  it('scores a technique by the worst attack that uses it', () => {
    const layer = navigatorLayer(result) as {
      domain: string;
      techniques: { techniqueID: string; score: number; comment: string }[];
    };
    const score = Object.fromEntries(layer.techniques.map((one) => [one.techniqueID, one.score]));
    expect(layer.domain).toBe('ics-attack');
    expect(score).toEqual({ 'T1692.002': 0.3, T0831: 0.3, 'T1692.001': 0.2, T0836: 0.2 });
    expect(layer.techniques.find((one) => one.techniqueID === 'T0831')!.comment).toBe('pgd, mine, action-flip');
  });
});
