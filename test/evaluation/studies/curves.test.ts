import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { carryOut } from '../../../cli/study-folder.ts';
import { bifurcationStudy } from '../../../evaluation/studies/bifurcation/index.ts';
import { powerCurve } from '../../../evaluation/studies/bifurcation/curves.ts';
import { victimKinds } from '../../../evaluation/studies/bifurcation/victims.ts';
import { Measured } from '../../../evaluation/studies/bifurcation/measured.ts';
import { powerFigure, transferFigure } from '../../../evaluation/studies/bifurcation/curve-figures.ts';
import type { PowerPoint } from '../../../evaluation/stealth/power.ts';
import type { StudyOptions, StudyOutcome } from '../../../evaluation/studies/study.ts';
import type { RunResult } from '../../../core/run.ts';

const scratch = mkdtempSync(join(tmpdir(), 'faultline-curves-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const options: StudyOptions = { quick: false, dataset: 'builtin', seeds: 1, only: ['ppo20'] };
const kind = victimKinds[0]!;

describe('the curves of the bifurcation study', () => {
  it(
    'draw detection power from a run’s telemetry: nothing is found in nothing, more of more',
    { timeout: 240_000 },
    async () => {
      const planned = bifurcationStudy.plan(options).runs.find(({ id }) => id === 'ppo20-seed0-power')!;
      const { scenario } = planned;
      let points: readonly PowerPoint[] = [];
      await carryOut(
        'power',
        {
          title: 'Power',
          source: 'test',
          seeds: { full: 1, quick: 1 },
          plan: () => ({
            trainings: [],
            runs: [
              {
                ...planned,
                // Sixteen weeks, on a model that ships, with few gradients: the same path in seconds.
                scenario: {
                  ...scenario,
                  district: { ...scenario.district, steps: 2688 },
                  victim: { ...scenario.victim, policy: 'ppo20-builtin' },
                  attacks: scenario.attacks
                    .filter(({ label }) => label !== 'bifurcated 0.02')
                    .map((attack) =>
                      attack.name === 'none' ? attack : { ...attack, config: { ...attack.config, steps: 2 } },
                    ),
                },
                *extract(telemetry) {
                  return yield* powerCurve('Building_1', telemetry, 99, [0.01, 0.1]);
                },
              },
            ],
          }),
          conclude(_options, outcomes: ReadonlyMap<string, StudyOutcome>) {
            points = outcomes.get('ppo20-seed0-power')!.extract as readonly PowerPoint[];
            return { claims: [], tables: [], figures: [] };
          },
        },
        { ...options, out: scratch, workers: 1, signal: new AbortController().signal },
      );
      expect(new Set(points.map(({ epsilon }) => epsilon))).toEqual(new Set([0.01, 0.1]));
      const power = (by: string, at: number): number =>
        points.find((point) => point.by === by && point.epsilon === at)!.power;
      for (const by of ['energy-balance', 'tariff-whitelist', 'mmd-differences']) {
        expect(power(by, 0.1), by).toBeGreaterThan(0.9);
        expect(power(by, 0.1), by).toBeGreaterThanOrEqual(power(by, 0.01));
      }
      // Clean steps went through telemetry and back: an exact rule still finds nothing in them.
      expect(points.find(({ by }) => by === 'tariff-whitelist')!.falseAlarms).toBeLessThanOrEqual(0.5);

      const figures = powerFigure(
        new Measured(options, new Map([['ppo20-seed0-power', { result: {} as RunResult, extract: points }]])),
        kind,
      );
      expect(
        figures[0]!.points
          .filter(({ series }) => series === 'energy-balance')
          .map(({ x }) => x)
          .toSorted((a, b) => a - b),
      ).toEqual([0, 0.01, 0.1]);
    },
  );

  it('put an imitator beside the white box, by days', () => {
    const { scenario, id } = bifurcationStudy.plan(options).runs.find(({ id }) => id.endsWith('transfer'))!;
    const lanes = scenario.attacks.map(({ label }, i) => ({
      lane: `Building_1/${label!}`,
      building: 'Building_1',
      attack: label!,
      regret: { electricity_consumption_total: i === 0 ? 2 : 0.5 * i },
      success: { rate: i === 0 ? 0.8 : 0.1 * i },
    }));
    const measured = new Measured(
      options,
      new Map([[id, { result: { lanes } as unknown as RunResult, extract: null }]]),
    );
    const [figure] = transferFigure(measured, kind);
    const of = (series: string): number[] =>
      figure!.points.filter((point) => point.series === series).map(({ y }) => y);
    expect(of('Δ consumption')).toEqual([0.25, 0.5, 0.75, 1, 1.25, 1.5]);
    of('decisions changed').forEach((y, i) => expect(y).toBeCloseTo((0.1 * (i + 1)) / 0.8));
    expect(transferFigure(new Measured(options, new Map()), kind)).toEqual([]);
    expect(powerFigure(new Measured(options, new Map()), kind)).toEqual([]);
  });
});
