import { describe, expect, it } from 'vitest';
import { daysFor } from '../../core/detector-days.ts';
import type { Channel, TelemetrySchema } from '../../core/telemetry.ts';
import { Columns } from '../../server/console/live/columns.ts';
import { finding, heatOf, movedFeatures, toldFeatures } from '../../server/console/stealth/perturbation.ts';
import { stealthPanels } from '../../server/console/stealth/stealth-panels.ts';
import { postsOf, watchingOf } from '../../server/console/stealth/watching.ts';

const days = 8;
const rows = days * 24;
const pair = {
  clean: { name: 'B/clean', building: 'B', attack: 'clean' },
  attacked: { name: 'B/pgd', building: 'B', attack: 'pgd' },
};
const channel = (name: string, more: Partial<Channel> = {}): Channel => {
  const cut = name.lastIndexOf('/');
  return { name, unit: '', lane: name.slice(0, cut), signal: name.slice(cut + 1), ...more };
};

/** The attack begins on the third day; the detector is a step late, and cries wolf once on each day. */
const begins = 48;
const signals: readonly (readonly [Channel, (row: number) => number])[] = [
  [channel('B/clean/score.watch', { limit: 1 }), (row) => (row % 24 === 5 ? 2 : 0.5)],
  [channel('B/pgd/score.watch', { limit: 1 }), (row) => (row > begins + 1 && row % 2 === 0 ? 3 : 0.5)],
  [channel('B/pgd/linf', { limit: 0.1 }), (row) => (row < begins ? 0 : 0.1)],
  [channel('B/pgd/action_change'), () => 0],
  [channel('B/pgd/true.price', { range: [0, 10] }), () => 4],
  [channel('B/pgd/reported.price', { range: [0, 10] }), (row) => (row < begins ? 4 : row % 2 === 0 ? 5 : 3.5)],
  [channel('B/pgd/true.hour', { range: [0, 24] }), (row) => row % 24],
  [channel('B/pgd/reported.hour', { range: [0, 24] }), (row) => row % 24],
];
const schema: TelemetrySchema = { version: 1, dt: 3600, channels: signals.map(([one]) => one) };
const columns = new Columns();
columns.adopt(schema);
columns.append({
  schema: 1,
  seq: 0,
  step0: 0,
  rows,
  cols: signals.length,
  values: Float32Array.from(signals.flatMap(([, value]) => Array.from({ length: rows }, (_, row) => value(row)))),
  wallTime: 0,
});

describe('what detectors make of an attack', () => {
  const posts = postsOf(schema, pair, null);
  const [watch] = watchingOf(posts, columns, pair, schema, rows);

  it('is counted over attacked steps and over the twin’s held-out days', () => {
    expect(posts.map(({ label, threshold }) => [label, threshold])).toEqual([['watch', 1]]);
    const attacked = rows - begins;
    // Every second step from the third attacked one on is an alarm.
    expect(watch!.stealth).toBeCloseTo(1 - (attacked / 2 - 1) / attacked, 12);
    expect(watch!.delay).toBe(2);
    expect(daysFor('test', days)).toEqual([3, 7]);
    expect(watch!.falseAlarms).toBeCloseTo(1 / 24, 12);
    expect(watch!.days.area).toBe(1);
    expect(watch!.steps.area).toBeGreaterThan(0.7);
    expect(watch!.steps.area).toBeLessThan(1);
  });

  it('is not known where no threshold is', () => {
    const blind = { ...schema, channels: schema.channels.map((one) => ({ ...one, limit: undefined })) };
    const [unknown] = watchingOf(postsOf(blind, pair, null), columns, pair, blind, rows);
    expect([unknown!.stealth, unknown!.falseAlarms, unknown!.delay]).toEqual([Number.NaN, Number.NaN, null]);
    expect(unknown!.days.area).toBe(1);
  });

  it('is drawn against thresholds and budget', () => {
    expect(stealthPanels(schema, pair, posts).map(({ id, limit }) => [id, limit?.value])).toEqual([
      ['norm', 0.1],
      ['effect', undefined],
      ['score-watch', 1],
    ]);
  });
});

describe('the perturbation of features', () => {
  const features = toldFeatures(schema, pair.attacked);

  it('is measured in their units and as a share of their range', () => {
    const [price, hour] = movedFeatures(columns, features, 0, rows);
    expect(price).toMatchObject({ most: 1, at: begins, rate: 0.75 });
    expect(price!.mean).toBeCloseTo(0.75 * 0.75, 12);
    expect(price!.mostShare).toBeCloseTo(0.1, 12);
    expect(hour).toMatchObject({ most: 0, at: -1, rate: 0 });
    expect(finding([price!, hour!])).toBe(
      '1 of 2 features are moved, price the most by up to 10.0 % of its range; 1 never is',
    );
    expect(finding([hour!])).toBe('none of 1 features is moved');
  });

  it('is a picture whose columns keep the largest change with its sign', () => {
    const heat = heatOf(columns, features, 0, rows, 16);
    expect([heat.width, heat.height]).toEqual([16, 2]);
    expect([...heat.values.subarray(0, 4)]).toEqual([0, 0, 0, 0]);
    for (const value of heat.values.subarray(4, 16)) expect(value).toBeCloseTo(0.1, 6);
    expect([...heat.values.subarray(16)].every((value) => value === 0)).toBe(true);
    const fine = heatOf(columns, features, begins, begins + 4, 100);
    expect(fine.width).toBe(4);
    expect([...fine.values.subarray(0, 4)].map((value) => Number(value.toFixed(4)))).toEqual([0.1, -0.05, 0.1, -0.05]);
  });
});
