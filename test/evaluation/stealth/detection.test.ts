import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../core/errors.ts';
import type { RunEvent, RunResult } from '../../../core/run.ts';
import { scenarioFrom } from '../../../core/scenario.ts';
import { commandQueue } from '../../../evaluation/control.ts';
import type { Part } from '../../../evaluation/part.ts';
import { reportHtml } from '../../../evaluation/report/html.ts';
import { runEvents } from '../../../evaluation/run.ts';
import { daysFor } from '../../../core/detector-days.ts';
import { schema } from '../../../evaluation/vocabulary.ts';
import { fileWorkspace } from '../../../server/workspace.ts';

const workspace = fileWorkspace({ roots: [], modelsDir: join(import.meta.dirname, '../../../models') });
const days = 120;

async function play(
  value: object,
  part?: Part,
): Promise<{ readonly events: readonly RunEvent[]; readonly result: RunResult }> {
  const scenario = scenarioFrom({ district: { steps: days * 24 }, ...value }, 'test', schema);
  const events: RunEvent[] = [];
  let now = 0;
  const clock = { now: () => (now += 0.001), sleep: () => Promise.resolve() };
  const options = { clock, commands: commandQueue(), versions: {}, codeHash: 'test', part };
  for await (const event of runEvents(scenario, workspace, options)) events.push(event);
  const last = events.at(-1)!;
  if (last.type !== 'finished') throw new Error(`run ended with ${last.type}`);
  return { events, result: last.result };
}

const lane = (result: RunResult, name: string) => result.lanes.find((one) => one.attack === name)!;
const threat = { epsilon: 0.05, mask: ['time'] };
const pgd = { name: 'pgd', threat, config: { objective: 'grouped-margin', steps: 10 } };
const posted = (name: string, more: object = {}) => ({ name, alarms_per_month: 3, ...more });

describe('detectors on duty', { timeout: 120_000 }, () => {
  const detectors = [posted('tariff-whitelist'), posted('energy-balance'), posted('mahalanobis', { label: 'hours' })];

  it('score every lane, tell clean days from attacked ones, and change nothing else', async () => {
    const attacks = [pgd, { name: 'random-noise', threat: { epsilon: 0 } }];
    const { events, result } = await play({ attacks, detectors });
    const { result: bare } = await play({ attacks });
    for (const own of bare.lanes) {
      expect(own.detection).toBeUndefined();
      const { detection, cost, ...rest } = lane(result, own.attack);
      const { cost: other, ...expected } = own;
      expect(rest).toEqual(expected);
      expect(cost?.gradients).toBe(other?.gradients);
      expect(Object.keys(detection!)).toEqual(['tariff-whitelist', 'energy-balance', 'hours']);
    }
    for (const label of ['tariff-whitelist', 'energy-balance', 'hours']) {
      const attacked = lane(result, 'pgd').detection![label]!;
      const clean = lane(result, 'clean').detection![label]!;
      expect(attacked.rate).toBeGreaterThan(0.9);
      expect(attacked.firstAlarm).toBeLessThan(24);
      expect(clean.rate).toBeLessThan(0.25);
      expect(clean.heldOutDays).toBe(daysFor('test', days).length);
      expect(clean.interval!.low).toBeLessThanOrEqual(clean.rate!);
      expect(clean.alarmsPerMonth).toBeCloseTo(30 * clean.rate!, 12);
      // An attack that moves nothing is not told from none.
      expect(lane(result, 'random-noise').detection![label]).toEqual(clean);
    }
    expect(result.checks.filter(({ name }) => name.startsWith('false-alarms/')).map(({ passed }) => passed)).toEqual([
      true,
      true,
      true,
    ]);
    const started = events.find((event) => event.type === 'started')!;
    const at = started.schema.channels.findIndex(({ name }) => name === 'Building_1/pgd/score.energy-balance');
    const scores = events.flatMap((event) =>
      event.type === 'frame'
        ? [...event.frame.values.subarray(at * event.frame.rows, (at + 1) * event.frame.rows)]
        : [],
    );
    const { threshold, firstAlarm } = lane(result, 'pgd').detection!['energy-balance']!;
    expect(scores.findIndex((score) => score > threshold)).toBe(firstAlarm);
    expect(started.schema.channels[at]!.limit).toBe(threshold);
    const html = reportHtml(result, null, []);
    expect(html).toContain('<h2>Detection</h2>');
    expect(html).toContain('<td>Building_1/pgd</td><td>hours</td>');
    expect(reportHtml(bare, null, [])).not.toContain('Detection');
  });

  it('a part of a panel finds what the whole does', async () => {
    const value = {
      district: { steps: days * 24, buildings: ['Building_1', 'Building_2'] },
      attacks: [{ name: 'random-noise', threat }, pgd],
      detectors: detectors.slice(0, 2),
    };
    const whole = (await play(value)).result.lanes.find((one) => one.lane === 'Building_2/random-noise')!;
    const part = (await play(value, { attacks: [0], buildings: [1] })).result.lanes[1]!;
    expect(part.lane).toBe(whole.lane);
    expect(part.detection).toEqual(whole.detection);
  });

  it('are refused by name when days are too few, and are missed by an attack that evades them', async () => {
    await expect(
      play({ district: { steps: 480 }, attacks: [pgd], detectors: [{ name: 'energy-balance' }] }),
    ).rejects.toThrow(/detector 'energy-balance': 5 clean days to calibrate 1 alarms a month on, expected at least 29/);
    await expect(play({ attacks: [{ name: 'evasive' }] })).rejects.toThrow(ConfigError);
    expect(() => scenarioFrom({ detectors: [posted('cusum'), posted('cusum')] }, 'test', schema)).toThrow(/same label/);
    expect(() => scenarioFrom({ detectors: [posted('cusums')] }, 'test', schema)).toThrow();
  });
});

describe('the attack that knows the detector', { timeout: 240_000 }, () => {
  it.each(['mahalanobis', 'soc-balance'])(
    'is found less often by %s at the same epsilon, and still does harm',
    async (name) => {
      const evasive = { name: 'evasive', threat, config: { steps: 20 } };
      const { result } = await play({ attacks: [pgd, evasive], detectors: [posted(name)] });
      const [plain, adaptive] = ['pgd', 'evasive'].map((label) => lane(result, label));
      expect(plain!.detection![name]!.rate).toBeGreaterThan(0.9);
      expect(adaptive!.detection![name]!.rate).toBeLessThan(plain!.detection![name]!.rate! - 0.2);
      const kpi = 'electricity_consumption_total';
      expect(adaptive!.regret![kpi]).toBeGreaterThan(0.5 * plain!.regret![kpi]!);
    },
  );

  it.each([
    ['tariff-whitelist', { name: 'levels' }],
    ['night-irradiance', { name: 'night' }],
    ['forecast-consistency', { name: 'forecast', tolerance: 0 }],
  ])('keeps an exact rule (%s) by a constraint (%j)', async (name, constraint) => {
    const kept = { ...pgd, label: 'kept', threat: { ...threat, constraints: [constraint] } };
    const { result } = await play({ attacks: [pgd, kept], detectors: [posted(name)] });
    expect(lane(result, 'pgd').detection![name]!.rate).toBe(1);
    // Half a year's tariff has levels that the first third of a year has not taught the detector.
    expect(lane(result, 'kept').detection![name]!.rate).toBeLessThan(0.6);
    expect(lane(result, 'kept').regret!['electricity_consumption_total']).toBeGreaterThan(0);
  });
});
