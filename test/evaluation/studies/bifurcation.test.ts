import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UnknownNameError } from '../../../core/errors.ts';
import { describe, expect, it } from 'vitest';
import type { LaneResult, RunResult } from '../../../core/run.ts';
import { bifurcationStudy } from '../../../evaluation/studies/bifurcation/index.ts';
import { trainingNamed } from '../../../evaluation/studies/study.ts';
import { panel } from '../../../evaluation/studies/bifurcation/panel.ts';
import { recorded, recordedKpis } from '../../../evaluation/studies/bifurcation/recorded.ts';
import { studyHtml } from '../../../evaluation/studies/report.ts';
import type { StudyOptions, StudyOutcome } from '../../../evaluation/studies/study.ts';

const golden = join(import.meta.dirname, '../../../../shared/golden/bifurcation');
const full: StudyOptions = { quick: false, dataset: 'builtin', seeds: 5 };

describe('the plan', () => {
  it('trains every victim with five seeds and evaluates each on what it knows and what it does not', () => {
    const { trainings, runs } = bifurcationStudy.plan(full);
    expect(new Set(trainings.map(({ id }) => id)).size).toBe(trainings.length);
    const adversaries = trainings.filter(({ scenario }) => scenario.train.environment === 'adversary');
    expect(adversaries.map(({ id }) => id)).toEqual(['adversary-of-ppo20-seed0', 'adversary-of-sac-seed0']);
    expect(trainings).toHaveLength(7 * 5 + adversaries.length);
    for (const { id, scenario } of trainings) expect([id, scenario.district.buildings]).toEqual([id, ['Building_1']]);
    expect(new Set(runs.map(({ id }) => id)).size).toBe(runs.length);
    const named = (policy: unknown): (typeof trainings)[number] => {
      const found = trainings.find(({ id }) => id === trainingNamed(policy));
      expect(found, String(policy)).toBeDefined();
      return found!;
    };
    // What only stands beside the paper's one model meets one of ours.
    const met = (id: string): number => runs.find((run) => run.id === id)!.scenario.attacks.length;
    expect(met('ppo20-seed1-trained')).toBe(met('ppo20-atla-seed1-trained'));
    expect(met('ppo20-seed0-trained')).toBeGreaterThan(2 * met('ppo20-seed1-trained'));
    for (const { scenario, id } of runs) {
      const victim = named(scenario.victim.policy);
      for (const { config } of scenario.attacks)
        if ('policy' in config) expect(named(config['policy']).scenario.victim.policy).toBe(scenario.victim.policy);
      if (id.endsWith('held-out')) expect(scenario.district.buildings).not.toContain('Building_1');
      // The rows that no step of the training led to.
      if (id.endsWith('half-year')) expect(scenario.district.start).toBe(victim.scenario.district.steps! + 1);
    }
  });

  it('takes the paper’s building and scaling on the paper’s dataset, and shipped models when it is quick', () => {
    const { scenario } = bifurcationStudy.plan({ ...full, dataset: '/data/phase_2' }).runs[0]!;
    expect(scenario.district).toMatchObject({ buildings: ['Building_6'], normalisation: 'citylearn-2.0.0' });
    const quick = bifurcationStudy.plan({ quick: true, dataset: 'builtin', seeds: 2 });
    expect(quick.trainings.map(({ id }) => id)).toEqual(['ppo20-atla-seed0', 'ppo20-atla-seed1']);
    expect(quick.runs.map(({ scenario }) => scenario.victim.policy)).toContain('sac-builtin-seed1');
  });

  it('does a part of it, by the names of victims', () => {
    const { trainings, runs } = bifurcationStudy.plan({ ...full, only: ['sac-atla'] });
    expect(trainings).toHaveLength(5);
    expect(runs).toHaveLength(5);
    expect(() => bifurcationStudy.plan({ ...full, only: ['sacc'] })).toThrow(UnknownNameError);
  });

  it('has a repaired twin beside every attack of the paper’s', () => {
    for (const { label, origin, purpose, budget } of panel)
      if (origin === 'paper')
        expect([
          label,
          panel.some((twin) => twin.origin === 'repaired' && twin.purpose === purpose && twin.budget === budget),
        ]).toEqual([label, true]);
    expect(new Set(panel.map(({ label }) => label)).size).toBe(panel.length);
  });
});

describe('what the paper recorded', () => {
  it.skipIf(!existsSync(golden))('is what its files hold', () => {
    const rows = readFileSync(join(golden, 'sac_500_norm_space__KPIs.csv'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(','));
    const [head, ...body] = rows as [string[], ...string[][]];
    for (const [column, values] of Object.entries(recorded.sac))
      recordedKpis.forEach((kpi, k) => {
        const cell = body.find(([name]) => name === kpi)![head.indexOf(column)];
        expect(Math.abs((values as readonly number[])[k]! / Number(cell) - 1)).toBeLessThan(1e-5);
      });
  });
});

/** This study has no other pieces. */
const none = new Map<string, unknown>();

/** Outcomes in which each attack has the regret that `regretOf` gives it. */
function outcomesOf(
  options: StudyOptions,
  regretOf: (label: string, kind: string, seed: number) => number,
): Map<string, StudyOutcome> {
  return new Map(
    bifurcationStudy.plan(options).runs.map(({ id, scenario }) => {
      const [, kind, seed] = /^(.*)-seed(\d+)-/.exec(id)!;
      const lanes = scenario.district.buildings.flatMap((building): LaneResult[] => [
        {
          lane: `${building}/clean`,
          building,
          attack: 'clean',
          steps: 1,
          return: 0,
          kpis: { electricity_consumption_total: 0.9, ramping_average: 1 },
        },
        ...scenario.attacks.map(({ label }): LaneResult => {
          const value = regretOf(label!, kind!, Number(seed));
          const regret = { electricity_consumption_total: value, ramping_average: value, daily_peak_average: value };
          return {
            lane: `${building}/${label!}`,
            building,
            attack: label!,
            steps: 1,
            return: 0,
            kpis: {},
            regret,
            success: { rate: 0.5, meanAbsoluteActionChange: 0.1, sideChangeRate: 0.1 },
          };
        }),
      ]);
      return [id, { result: { lanes } as unknown as RunResult, extract: null }];
    }),
  );
}

describe('the verdict', () => {
  const strength: Record<string, number> = {
    noise: 0.01,
    untargeted: 0.1,
    bifurcated: 0.3,
    toggle: 0.9,
    furthest: 0.1,
  };
  const asPaper = (label: string, kind: string, seed: number): number =>
    (strength[label.split(' ')[0]!] ?? 2) *
    (kind.startsWith('ppo20') ? 0.5 : 1) *
    (kind.endsWith('atla') ? 0.5 : 1) *
    (1 + 0.01 * seed);

  it('holds where the victims fare as the paper’s', () => {
    const { claims, tables } = bifurcationStudy.conclude(full, outcomesOf(full, asPaper), none);
    for (const { claim, holds } of claims.filter(({ claim }) => /more to|more robust/.test(claim)))
      expect([claim, holds]).toEqual([claim, true]);
    const sac = tables.find(({ title }) => title.startsWith('SAC on Building_1'))!;
    const row = sac.rows.find(
      ([purpose, budget, code]) => purpose === 'bifurcated' && budget === '5%' && code === 'paper',
    )!;
    expect(row[3]).toMatch(/^\+0\.3060 \[/); // 0.3 · (1 + 0.01 · 2)
    expect(row[4]).toBe(0.4446); // specs/bifurcation.md 4.1
    expect(row.at(-1)).toBe('agrees');
  });

  it('does not hold where they fare the other way round, and says nothing without results', () => {
    const { claims } = bifurcationStudy.conclude(
      full,
      outcomesOf(full, (...at) => -asPaper(...at)),
      none,
    );
    for (const { claim, holds } of claims.filter(({ claim }) => /more to|more robust/.test(claim)))
      expect([claim, holds]).toEqual([claim, false]);
    const nothing = bifurcationStudy.conclude(full, new Map(), none);
    for (const { claim, holds } of nothing.claims) expect([claim, holds]).toEqual([claim, null]);
  });

  it('decides on 1.5 times the panel’s best also where one seed has next to none', () => {
    const verdictOf = (regretOf: (label: string, seed: number) => number): boolean | null => {
      const outcomes = outcomesOf(full, (label, _kind, seed) => regretOf(label, seed));
      return bifurcationStudy
        .conclude(full, outcomes, none)
        .claims.find(({ claim }) => claim.startsWith('SAC: within'))!.holds;
    };
    const theirs = (seed: number): number => (seed === 2 ? 1e-6 : 0.02 + 0.001 * seed);
    const ours = (times: number) => (label: string, seed: number) =>
      label.startsWith('planned') ? times * theirs(seed) + 0.001 * seed : theirs(seed);
    expect(verdictOf(ours(3))).toBe(true);
    expect(verdictOf(ours(1))).toBe(false);
    expect(verdictOf((label, seed) => (seed % 2 === 0 ? ours(3) : ours(0.5))(label, seed))).toBe(null);
    // Where the panel does no harm, none is not enough.
    expect(verdictOf((label) => (label.startsWith('planned') ? -0.001 : -0.02))).toBe(false);
  });

  it('asks for an order only where there are attacks enough to have one', () => {
    const { claims } = bifurcationStudy.conclude(full, outcomesOf(full, asPaper), none);
    const ordered = claims.filter(
      ({ claim }) => claim.includes('in the paper’s order') || claim.includes("paper's order"),
    );
    expect(ordered.map(({ claim }) => claim.split(':')[0])).toEqual(['PPO, 20 bins', 'PPO, 20 bins', 'SAC', 'SAC']);
  });

  it('is reported as one page that fetches nothing', () => {
    const conclusion = bifurcationStudy.conclude(full, outcomesOf(full, asPaper), none);
    const html = studyHtml({
      format: 'faultline-study',
      version: 1,
      study: 'bifurcation',
      title: 'T',
      source: 'S <b>',
      ...full,
      versions: {},
      hashes: { code: 'c', runs: {} },
      ...conclusion,
      figures: [
        {
          title: 'F',
          x: 'x',
          y: 'y',
          points: [
            { series: 'a', x: 0, y: 1 },
            { series: 'a', x: 1, y: 2 },
          ],
          note: '',
        },
      ],
    });
    expect(html).toContain('S &lt;b&gt;');
    expect(html).toContain('<svg');
    expect(html).not.toMatch(/src=|href="http|@import/);
    const json = /<script type="application\/json" id="result">(.*)<\/script>/.exec(html)![1]!;
    expect((JSON.parse(json) as { claims: unknown }).claims).toEqual(conclusion.claims);
  });
});
