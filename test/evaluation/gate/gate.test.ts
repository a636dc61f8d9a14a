import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, UnknownNameError } from '../../../core/errors.ts';
import type { LaneResult, RunResult } from '../../../core/run.ts';
import { limits, parseCondition } from '../../../evaluation/gate/expression.ts';
import { gateNames, judge, openGates, verdictText } from '../../../evaluation/gate/gate.ts';
import { junitXml } from '../../../evaluation/report/junit.ts';

const names = ['a', 'b', 'group.', 'kpi.total'];
const values: Readonly<Record<string, number | null>> = { a: 2, b: -3, 'group.x': 0.5, 'kpi.total': null };
const evaluate = (text: string): boolean | null => parseCondition(text, names)((name) => values[name] ?? null);

describe('a condition', () => {
  it.each([
    ['a > 1', true],
    ['a > 2', false],
    ['a >= 2', true],
    ['a == 2 and b < 0', true],
    ['a + 2 * b ^ 2 == 20', true],
    ['-b ^ 2 == -9', true],
    ['2 ^ 3 ^ 2 == 512', true],
    ['a - b - 1 == 4', true],
    ['not (a > 1) or b < -2', true],
    ['-4 < b <= a', true],
    ['-4 < b < a < 1', false],
    ['abs(b) == 3 and sqrt(a * 2) == 2', true],
    ['min(a, b, 0) == -3 and max(a, b) == 2', true],
    ['group.x == .5', true],
    ['a != 2', false],
    ['1e-3 < a', true],
  ])('%s is %s', (text, expected) => {
    expect(evaluate(text)).toBe(expected);
  });

  it('knows what it cannot know, and no more', () => {
    expect(evaluate('kpi.total > 0')).toBeNull();
    expect(evaluate('not (kpi.total > 0)')).toBeNull();
    expect(evaluate('kpi.total > 0 and a > 5')).toBe(false);
    expect(evaluate('kpi.total > 0 or a > 1')).toBe(true);
    expect(evaluate('kpi.total > 0 or a > 5')).toBeNull();
    expect(evaluate('kpi.total + a > 0')).toBeNull();
    expect(evaluate('a / 0 - a / 0 > 0')).toBeNull();
  });

  it.each([
    ['', /empty/],
    ['a', /a number, expected a comparison/],
    ['a >', /Unexpected end/],
    ['(a > 1', /Parenthesis \) expected/],
    ['a > 1; b > 1', /unexpected character ';'/],
    ['a = 1', /no part of a condition/],
    ['a[1] > 0', /unexpected character '\['/],
    ['a > "x"', /unexpected character '"'/],
    ['a b > 1', /side by side/],
    ['(a > 1) + 1 > 2', /is a condition, expected a number/],
    ['a and b', /is a number, expected a condition/],
    ['abs(a, b) > 1', /abs has 2 operands, expected 1/],
    ['a! > 1', /operator '!' is no part/],
    ['true and a > 1', /.*/],
    [`a > ${'1 + '.repeat(200)}1`, /at most 500 are read/],
    [`${'('.repeat(200)}a > 1${')'.repeat(200)}`, /1:61 .*nested too deeply/],
    [`${'('.repeat(40)}a > 1${')'.repeat(40)}`, /nested more than 30/],
  ])('%s is refused', (text, expected) => {
    expect(() => evaluate(text)).toThrow(expected);
    expect(() => evaluate(text)).toThrow(expect.objectContaining({ code: expect.stringMatching(/config|unknown/) }));
  });

  it('names what it does not know, with the column and the nearest', () => {
    expect(() => evaluate('a > 1 and kpi.totl > 1')).toThrow(UnknownNameError);
    expect(() => evaluate('a > 1 and kpi.totl > 1')).toThrow(/:?11.*kpi\.total/s);
    expect(() => evaluate('import(a) > 1')).toThrow(/function in the condition/);
    expect(() => evaluate('a.constructor > 1')).toThrow(UnknownNameError);
    expect(() => evaluate('__proto__ > 1')).toThrow(UnknownNameError);
  });

  it('takes any text without a crash', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 60, unit: fc.constantFrom(...Array.from('ab.kpi total()<>=!+-*/^0123 andornt,')) }),
        (text) => {
          try {
            const value = evaluate(text);
            return value === null || typeof value === 'boolean';
          } catch (error) {
            return error instanceof ConfigError || error instanceof UnknownNameError;
          }
        },
      ),
    );
    expect(limits.characters).toBeLessThanOrEqual(500);
  });
});

const lane = (attack: string, regret: number | null | undefined, rate: number | null): LaneResult => ({
  lane: `B/${attack}`,
  building: 'B',
  attack,
  steps: 24,
  return: -3,
  kpis: { electricity_consumption_total: 0.9 + (regret ?? 0) },
  ...(regret === undefined ? {} : { regret: { electricity_consumption_total: regret } }),
  success: { rate, meanAbsoluteActionChange: 0.1, sideChangeRate: 0.2 },
  detection: {
    'z-score': {
      threshold: 1,
      nominalAlarmsPerMonth: 1,
      heldOutDays: 10,
      alarmDays: 4,
      rate: 0.4,
      interval: null,
      alarmsPerMonth: 12,
      firstAlarm: null,
    },
  },
});
const result = (lanes: readonly LaneResult[]): RunResult => ({
  format: 'faultline-result',
  version: 1,
  scenario: { name: 'a "b" <c>' },
  seed: 0,
  versions: {},
  hashes: { scenario: '', data: '', model: '', code: '' },
  lanes,
  checks: [
    { name: 'fine', passed: true, detail: 'ok' },
    { name: 'odd', passed: false, detail: '1 < 2 & "3"' },
  ],
  timing: { seconds: 2, stepsPerSecond: 1, gradientsPerSecond: 1 },
});

const withGrid = (lanes: readonly LaneResult[]): RunResult => ({
  ...result(lanes),
  grid: {
    case: 'case33bw',
    buses: 33,
    homes: 6,
    method: 'sweep',
    units: {},
    findings: [],
    networks: [network('clean', 0.96), network('fgsm', 0.955, -0.005), network('pgd', 0.93, -0.03)],
  },
});
const bare = { detectors: [], grid: false };
const network = (attack: string, vmin: number, delta?: number) => ({
  lane: `feeder/${attack}`,
  attack,
  kpis: { vmin, max_loading: null },
  extremes: {},
  ...(delta === undefined ? {} : { regret: { vmin: { delta, ratio: null } } }),
});

describe('a gate', () => {
  const run = withGrid([lane('clean', undefined, null), lane('fgsm', 0.05, 0.3), lane('pgd', 0.3, null)]);
  const outcomes = (text: string): string[] =>
    judge(run, openGates([text], { detectors: ['z-score'], grid: run.grid !== undefined })).map(
      ({ outcome }) => outcome,
    );

  it('judges every attacked lane and no clean one', () => {
    expect(outcomes('regret.electricity_consumption_total > 0.1')).toEqual(['passed', 'failed']);
    expect(outcomes('kpi.electricity_consumption_total > 1.5 * clean.electricity_consumption_total')).toEqual([
      'passed',
      'passed',
    ]);
    expect(outcomes('kpi.electricity_consumption_total > 1.2 * clean.electricity_consumption_total')).toEqual([
      'passed',
      'failed',
    ]);
    expect(outcomes('detection.z_score.rate < 0.5')).toEqual(['failed', 'failed']);
    expect(outcomes('return < -5 or steps < 24')).toEqual(['passed', 'passed']);
  });

  it('reads the network of its attack, and of the clean twins', () => {
    expect(outcomes('grid.vmin < 0.95')).toEqual(['passed', 'failed']);
    expect(outcomes('grid_clean.vmin - grid.vmin >= 0.005 - 1e-9')).toEqual(['failed', 'failed']);
    expect(outcomes('grid_regret.vmin < -0.01')).toEqual(['passed', 'failed']);
    expect(outcomes('grid.max_loading > 1')).toEqual(['unjudged', 'unjudged']);
    expect(() => openGates(['grid.vmin < 0.95'], bare)).toThrow(UnknownNameError);
  });

  it('lets nothing pass that it could not judge', () => {
    expect(outcomes('success.rate > 0.5')).toEqual(['passed', 'unjudged']);
    expect(outcomes('detection.z_score.firstAlarm > 0')).toEqual(['unjudged', 'unjudged']);
    const [, text] = judge(run, openGates(['success.rate > 0.5'], bare)).map(verdictText);
    expect(text).toBe('success.rate > 0.5: unjudged on B/pgd (success.rate = none)');
  });

  it('is refused by name before anything runs', () => {
    expect(() => openGates(['detection.cusum.rate > 1'], { detectors: ['z-score'], grid: false })).toThrow(
      UnknownNameError,
    );
    expect(() => openGates(['regret.electricity_consumption_totl > 1'], bare)).toThrow(/electricity_consumption_total/);
    expect(gateNames({ detectors: ['a b'], grid: true })).toContain('regret.carbon_emissions_total');
    for (const name of gateNames({ detectors: ['a b'], grid: true }))
      expect(() => parseCondition(`${name} > 0`, gateNames({ detectors: ['a b'], grid: true })), name).not.toThrow();
  });

  it('is written as JUnit, whatever the texts hold', () => {
    const xml = junitXml(run, judge(run, openGates(['success.rate > 0.2'], bare)));
    expect(xml).toContain('<testsuites name="a &quot;b&quot; &lt;c&gt;" tests="4">');
    expect(xml).toContain('<testsuite name="checks" tests="2" failures="1" errors="0"');
    expect(xml).toContain('<testsuite name="gates" tests="2" failures="1" errors="1" time="2.000">');
    expect(xml).toContain('message="1 &lt; 2 &amp; &quot;3&quot;"');
    expect(xml).toContain('name="success.rate &gt; 0.2 on B/pgd"><error type="gate"');
  });
});
