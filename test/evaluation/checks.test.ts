import { expect, it } from 'vitest';
import type { LaneResult } from '../../core/run.ts';
import type { Scenario } from '../../core/scenario.ts';
import { laneChecks } from '../../evaluation/checks.ts';

const total = 'electricity_consumption_total';

function lane(attack: string, regret: number, gradients: number, building = 'Building_1'): LaneResult {
  return {
    lane: `${building}/${attack}`,
    building,
    attack,
    steps: 1,
    return: 0,
    kpis: {},
    regret: { [total]: regret },
    cost: { queries: 0, gradients, seconds: 0 },
  };
}

const attacks = [
  { name: 'pgd', label: 'strong' },
  { name: 'square' },
  { name: 'snooping' },
  { name: 'random-noise', label: 'hiss' },
  { name: 'none' },
].map((attack) => ({ config: {}, threat: {}, ...attack }));

const beaten = (lanes: readonly LaneResult[]) =>
  laneChecks(lanes, { attacks }).filter(({ name }) => name.startsWith('beats-noise/'));

it('holds gradient attacks against random noise, whatever its label, and not against other attacks without gradients', () => {
  const lanes = [
    lane('strong', 3, 100),
    lane('square', 9, 0),
    lane('snooping', 8, 0),
    lane('hiss', 2, 0),
    lane('none', 0, 0),
  ];
  expect(beaten(lanes)).toEqual([
    {
      name: 'beats-noise/Building_1/strong',
      passed: true,
      detail: `${total} regret 3.000 against 2.000 of hiss`,
    },
  ]);
  expect(beaten(lanes.filter(({ attack }) => attack !== 'hiss' && attack !== 'none'))).toEqual([]);
});

it('fails where noise, or nothing at all, does more harm in the same building', () => {
  expect(beaten([lane('strong', 1, 100), lane('hiss', 2, 0)])[0]!.passed).toBe(false);
  expect(beaten([lane('strong', -1, 100), lane('none', 0, 0)])[0]).toMatchObject({
    passed: false,
    detail: `${total} regret -1.000 against 0.000 of none`,
  });
  expect(beaten([lane('strong', 1, 100), lane('hiss', 2, 0, 'Building_2')])).toEqual([]);
});

it('holds attacks on a task to it over all of its sites, since a single day may go the other way', () => {
  const task = { name: 'battery-dispatch', config: {} } as unknown as NonNullable<Scenario['task']>;
  const cost = (attack: string, regret: number, gradients: number, site: string): LaneResult => ({
    ...lane(attack, regret, gradients, site),
    regret: { cost: regret },
  });
  const lanes = [
    cost('strong', 1, 100, 'site_1'),
    cost('hiss', 2, 0, 'site_1'),
    cost('strong', 9, 100, 'site_2'),
    cost('hiss', 3, 0, 'site_2'),
  ];
  const checks = (own: readonly LaneResult[]) =>
    laneChecks(own, { attacks, task }).filter(({ name }) => name.startsWith('beats-noise/'));
  expect(checks(lanes)).toEqual([
    { name: 'beats-noise/strong', passed: true, detail: 'mean cost regret 5.000 against 2.500 of hiss' },
  ]);
  expect(checks(lanes.slice(0, 2))[0]!.passed).toBe(false);
});
