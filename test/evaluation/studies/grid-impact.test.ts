import { describe, expect, it } from 'vitest';
import { UnknownNameError } from '../../../core/errors.ts';
import { rng } from '../../../core/rng.ts';
import { claimOf, rounded, within } from '../../../evaluation/studies/grid-impact/check.ts';
import type { DistrictLoads } from '../../../evaluation/studies/grid-impact/district-loads.ts';
import { atOnce, band, feederImpact } from '../../../evaluation/studies/grid-impact/feeder.ts';
import { gridImpactStudy } from '../../../evaluation/studies/grid-impact/index.ts';
import { invisibility } from '../../../evaluation/studies/grid-impact/invisibility.ts';
import { labels } from '../../../evaluation/studies/grid-impact/plan.ts';
import { studyHtml } from '../../../evaluation/studies/report.ts';
import type { StudyOptions, StudyOutcome } from '../../../evaluation/studies/study.ts';

const quick: StudyOptions = { quick: true, dataset: 'builtin', seeds: 5 };

describe('the plan', () => {
  it('attacks the shipped controllers in other weeks on every seed, all buildings beside their clean twins', () => {
    const { runs, trainings, cells } = gridImpactStudy.plan(quick);
    expect(trainings).toEqual([]);
    expect(cells).toHaveLength(5);
    expect(new Set(runs.map(({ scenario }) => scenario.district.start)).size).toBe(5);
    expect(runs.map(({ scenario }) => scenario.victim.policy)[1]).toBe('ppo20-builtin-seed1');
    for (const { scenario } of runs) {
      expect(scenario.district.buildings).toHaveLength(8);
      expect(scenario.attacks.map(({ label }) => label)).toEqual(labels);
    }
  });

  it('trains its own controllers for the year, does a part, and refuses one that there is not', () => {
    const { trainings, runs } = gridImpactStudy.plan({ ...quick, quick: false });
    expect(trainings).toHaveLength(5);
    expect(runs[0]!.scenario.district.steps).toBeNull();
    expect(gridImpactStudy.plan({ ...quick, only: ['published'] })).toEqual({ trainings: [], runs: [], cells: [] });
    expect(() => gridImpactStudy.plan({ ...quick, only: ['publisht'] })).toThrow(UnknownNameError);
  });
});

/** Two buildings for a day; an attack that adds 4 kWh to each in the hour of the peak, and one that does nothing. */
function loads(): DistrictLoads {
  const day = (peak: number): number[] => Array.from({ length: 24 }, (_, t) => (t === 18 ? peak : 1));
  const zero = (): number[][] => [day(0).map(() => 0), day(0).map(() => 0)];
  const charge = zero().map((of) => of.map((_, t) => (t === 18 ? 4 : 0)));
  return {
    net: { clean: [day(2), day(3)], surge: [day(6), day(7)], nothing: [day(2), day(3)] },
    battery: { clean: zero(), surge: charge, nothing: zero() },
  };
}

describe('the feeder', () => {
  it('is full with its clean twin, and counts the homes that an attack needs', () => {
    const { homes, clean, attacks } = feederImpact(loads(), ['surge', 'nothing']);
    expect(clean.vmin).toBeGreaterThan(0.955);
    expect(clean.vmin).toBeLessThan(0.9555);
    const { spread, head, end } = attacks['surge']!;
    expect(spread.homes).toBe(homes);
    expect(spread.vmin).toBeLessThan(band);
    expect(spread.voltage).toBeGreaterThan(1);
    expect(spread.voltage).toBeLessThan(homes);
    // Far from the head fewer do.
    expect(end.voltage).toBeLessThan(spread.voltage!);
    expect(head.voltage ?? Infinity).toBeGreaterThan(end.voltage!);
    expect(attacks['nothing']!.spread).toEqual({
      homes,
      voltage: null,
      overload: null,
      vmin: clean.vmin,
      loading: expect.closeTo(0.95, 6) as number,
    });
    // The surge is the most that batteries take, in the worst step.
    expect(attacks[atOnce]!.spread.vmin).toBeCloseTo(spread.vmin, 9);
  });
});

describe('published numbers', () => {
  it('are within their tolerances, every one; another number is not', () => {
    const { claims, tables } = gridImpactStudy.conclude({ ...quick, only: ['published'] }, new Map(), new Map());
    expect(claims.map(({ claim, holds }) => [claim, holds])).toEqual(claims.map(({ claim }) => [claim, true]));
    expect(tables[0]!.rows.length).toBeGreaterThan(60);
    const group = { claim: 'c', source: 's', checks: [rounded('a', 1.2345, 1.234, 3), within('b', 99, 100, 0.005)] };
    const { holds, evidence } = claimOf(group);
    expect(holds).toBe(false);
    expect(evidence).toBe('1 of 2 numbers of s within their tolerances; b: 99 in place of 100');
  });

  it('of false data: unseen by the DC estimator, seen by the AC one unless it is exact', () => {
    const { dcGrowth, ac, falseAlarms } = invisibility(rng(2), 6);
    expect(dcGrowth).toBeLessThan(1e-9);
    expect(falseAlarms.dc).toBeLessThan(0.5);
    const large = ac.find(({ shift }) => shift === 0.2)!;
    expect(large.linear).toBeCloseTo(1, 9);
    expect(large.linearJ).toBeGreaterThan(50 * large.exactJ);
  });

  it('are told beside what the feeder withstands', () => {
    const given = loads();
    const net = Object.fromEntries(labels.map((label) => [label, given.net['surge']!]));
    const battery = Object.fromEntries(labels.map((label) => [label, given.battery['surge']!]));
    const extract = {
      net: { ...net, clean: given.net['clean']! },
      battery: { ...battery, clean: given.battery['clean']! },
    };
    const options = { ...quick, only: ['feeder'], seeds: 2 };
    const { runs } = gridImpactStudy.plan(options);
    const outcomes = new Map(runs.map(({ id }) => [id, { extract } as unknown as StudyOutcome]));
    const conclusion = gridImpactStudy.conclude(options, outcomes, new Map());
    expect(conclusion.claims[0]).toMatchObject({ holds: true });
    const identity = { hashes: { code: '', runs: {} }, versions: {}, title: 't', source: 's', study: 'grid-impact' };
    const html = studyHtml({ format: 'faultline-study', version: 1, ...identity, ...options, ...conclusion });
    expect(html).toContain('How many compromised homes the feeder withstands');
  });
});
