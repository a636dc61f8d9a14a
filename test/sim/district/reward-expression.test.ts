import * as fc from 'fast-check';
import { all, create } from 'mathjs/number';
import { describe, expect, it } from 'vitest';
import { ConfigError, UnknownNameError } from '../../../core/errors.ts';
import {
  BATTERY_SOC,
  COOLING,
  FIXED_FIELDS,
  FROM_DEVICE,
  INDOOR_TEMPERATURE,
  NET,
  SOLAR,
  TANK_BALANCE,
} from '../../../sim/district/hour.ts';
import { profiles } from '../../../sim/district/profile.ts';
import { compileReward } from '../../../sim/district/reward-program.ts';
import { openReward } from '../../../sim/district/reward.ts';
import { bareModel } from '../../support/bare-model.ts';

const mathjs = create(all!);
// Ours are the operations'; mathjs' take numbers within 1e-15 of each other for equal.
mathjs.import({ min: Math.min, max: Math.max }, { override: true });
const rows = 3;
const model = bareModel(profiles['v2.3'], {
  rows,
  columns: {
    electricity_pricing: Float64Array.of(0.25, 0.5, 1),
    non_shiftable_load: Float64Array.of(1, 2, 3),
    indoor_dry_bulb_temperature: Float64Array.of(99, 99, 99),
  },
  observations: [],
});

/** Values of an expression in two buildings, at row 1. */
function values(expression: string, fields: readonly Readonly<Record<number, number>>[]): number[] {
  const hours = new Float64Array(fields.length * FIXED_FIELDS);
  fields.forEach((own, i) => {
    for (const [field, value] of Object.entries(own)) hours[i * FIXED_FIELDS + Number(field)] = value;
  });
  const out = new Float64Array(fields.length);
  const kernel = openReward(
    { expression },
    fields.map(() => model),
  );
  const ats = Int32Array.from(fields, (_, i) => i * FIXED_FIELDS);
  kernel(hours, ats, new Int32Array(fields.length).fill(1), out);
  return [...out];
}

describe('what an expression can name', () => {
  it.each([
    ['-max(net, 0) * electricity_pricing', [-1.5, -0]],
    ['net_electricity_consumption', [3, -1]],
    ['-max(district_net, 0)', [-2, -2]],
    ['electrical_storage_soc', [0.5, 0]],
    ['solar_generation', [4, -0]],
    ['non_shiftable_load', [2, 2]],
    ['cooling_demand', [2.5, 0]],
    ['energy_from_cooling_device', [2, 0]],
    ['indoor_dry_bulb_temperature', [21, 0]],
    ['net > 0 ? -net : 0', [-3, 0]],
    ['7', [7, 7]],
    ['-max(\n  net,\n  0\n)\n', [-3, -0]],
  ] as const)('%s', (expression, expected) => {
    const full = {
      [NET]: 3,
      [BATTERY_SOC]: 0.5,
      [SOLAR]: -4,
      [COOLING + FROM_DEVICE]: 2,
      [COOLING + TANK_BALANCE]: -0.5,
      [INDOOR_TEMPERATURE]: 21,
    };
    expect(values(expression, [full, { [NET]: -1 }])).toEqual(expected);
  });

  it('gives the default reward to the bit', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e3, max: 1e3, noNaN: true }), (kwh) => {
        const hours = new Float64Array(FIXED_FIELDS);
        hours[NET] = kwh;
        const got = new Float64Array(2);
        const row = Int32Array.of(0);
        openReward({ type: 'RewardFunction', attributes: {} }, [model])(hours, row, row, got.subarray(0, 1));
        openReward({ expression: '-max(net, 0)' }, [model])(hours, row, row, got.subarray(1, 2));
        expect(got[0]).toBe(got[1]);
      }),
    );
  });
});

/** Expressions as text, from the same grammar that the documentation promises. */
const leaf = fc.oneof(
  fc.constantFrom('net', 'electricity_pricing', 'electrical_storage_soc', 'non_shiftable_load'),
  fc.constantFrom('0', '1', '2', '0.5', '3.25', '1e2', '0.1'),
);
const { expression: expressions } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    leaf,
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('+', '-', '*', '/', '^', '<', '>', '<=', '>=', '==', '!=', 'and', 'or'),
        tie('expression'),
      )
      .map(([a, op, b]) => `${a} ${op} ${b}`),
    // After % a sign would make it a percentage.
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `(${a}) % (${b})`),
    fc.tuple(fc.constantFrom('-', '+', 'not '), tie('expression')).map(([op, a]) => `${op}${a}`),
    tie('expression').map((a) => `(${a})`),
    fc
      .tuple(fc.constantFrom('abs', 'sign', 'exp', 'log', 'sqrt', 'floor', 'ceil'), tie('expression'))
      .map(([name, a]) => `${name}(${a})`),
    fc
      .tuple(fc.constantFrom('min', 'max', 'pow', 'log'), tie('expression'), tie('expression'))
      .map(([name, a, b]) => `${name}(${a}, ${b})`),
    fc.tuple(tie('expression'), tie('expression'), tie('expression')).map(([a, b, c]) => `max(${a}, ${b}, ${c})`),
    fc.tuple(tie('expression'), tie('expression'), tie('expression')).map(([a, b, c]) => `((${a}) ? (${b}) : (${c}))`),
  ),
}));
const number = fc.oneof(
  fc.constantFrom(0, 1, -1, 0.5, 2, 0.1 + 0.2, 0.3, 2.9999999999999996),
  fc.double({ min: -100, max: 100, noNaN: true }),
);

describe('what an expression means', () => {
  it('is what mathjs says', () => {
    let compared = 0;
    fc.assert(
      fc.property(expressions, number, number, (expression, net, soc) => {
        const scope = {
          net,
          electrical_storage_soc: soc,
          electricity_pricing: 0.5,
          non_shiftable_load: 2,
        };
        const got = values(expression, [{ [NET]: net, [BATTERY_SOC]: soc }])[0]!;
        const expected = Number(mathjs.evaluate(expression, scope) as number | boolean);
        expect(got + 0).toBe(expected + 0);
        compared++;
      }),
      { numRuns: 1500 },
    );
    expect(compared).toBeGreaterThanOrEqual(1500);
  });

  it('chains comparisons, and takes no branch that fails', () => {
    expect(values('0 < net <= 2 != 3', [{ [NET]: 2 }, { [NET]: 0 }])).toEqual([1, 0]);
    expect(values('net == 0 ? 0 : 1 / net', [{ [NET]: 0 }, { [NET]: 2 }])).toEqual([0, 0.5]);
  });

  it('computes constants once and equal parts once', () => {
    // The kernel keeps no state between calls: the same hour gives the same bits.
    const expression = '(2 ^ 3 - 8) + abs(net) * abs(net)';
    const kernel = openReward({ expression }, [model]);
    const hours = new Float64Array(FIXED_FIELDS);
    const at = Int32Array.of(0);
    const out = new Float64Array(1);
    for (const kwh of [3, -2, 3]) {
      hours[NET] = kwh;
      kernel(hours, at, at, out);
      expect(out[0]).toBe(kwh * kwh);
    }
  });

  it('runs without its parser', () => {
    const kernel = compileReward({ kind: 'apply', operation: 'negate', of: [{ kind: 'field', field: NET }] }, [model]);
    const hours = new Float64Array(FIXED_FIELDS);
    hours[NET] = 5;
    const out = new Float64Array(1);
    kernel(hours, Int32Array.of(0), Int32Array.of(0), out);
    expect(out[0]).toBe(-5);
  });
});

describe('what an expression may not be', () => {
  const open = (expression: string) => (): void => void openReward({ expression }, [model]);

  it('names what it does not know, the nearest name and the position', () => {
    expect(open('net +\n  2 * electricity_prising')).toThrow(UnknownNameError);
    expect(open('net +\n  2 * electricity_prising')).toThrow(
      "2:7 /district/reward/expression: unknown name in the reward expression 'electricity_prising'. Did you mean 'electricity_pricing'?",
    );
    expect(open('2 * maxx(net, 0)')).toThrow(
      "1:5 /district/reward/expression: unknown function in the reward expression 'maxx'. Did you mean 'max'?",
    );
    expect(open('2e3 + e3')).toThrow(/^1:7 /);
  });

  it.each([
    ['', '1:1 ', 'is empty'],
    ['net +', '1:6 ', 'Unexpected end of expression'],
    ['net * (1 + 2', '1:13 ', 'Parenthesis ) expected'],
    ['net; 3', '1:4 ', "unexpected character ';'"],
    ['net["constructor"]', '1:4 ', "unexpected character '['"],
    ['net.constructor', '1:1 ', 'a member (.)'],
    ['net = 3', '1:1 ', 'an assignment'],
    ['f(x) = x', '1:', 'the definition of a function'],
    ['1 + 2 net', '1:', 'side by side'],
    ['10% * net', '1:1 ', '% is the remainder'],
    ['net(2)', '1:1 ', "'net' is no function"],
    ['max', '1:1 ', "'max' is a function"],
    ['abs(net, 2)', '1:1 ', 'abs has 2 operands, expected 1'],
    ['log(1, 2, 3)', '1:1 ', 'log has 3 operands, expected 1 or 2'],
    ['min()', '1:1 ', 'min has 0 operands, expected at least 1'],
    ['net!', '1:1 ', "operator '!'"],
    ['true', '1:', "'true' is not a number"],
  ])('%s', (expression, position, message) => {
    expect(open(expression)).toThrow(ConfigError);
    expect(open(expression)).toThrow(message);
    expect(open(expression)).toThrow(new RegExp(`^${position}`));
  });

  it('goes deeper than anybody can read', () => {
    expect(open(`${'('.repeat(5000)}net${')'.repeat(5000)}`)).toThrow(
      /^1:61 \/district\/reward\/expression: .*nested too deeply/,
    );
    for (const deep of [`${'-'.repeat(1999)}net`, `${'not '.repeat(400)}net`, `net${'^net'.repeat(400)}`])
      expect(open(deep)).toThrow(/\/district\/reward\/expression: .*nested too deeply/);
    expect(open(`net${'+net'.repeat(400)}`)).toThrow(/more than 250 levels/);
    expect(open(`-(${'('.repeat(50)}net${')'.repeat(50)})${' + net'.repeat(100)}`)).not.toThrow();
  });

  it.each(['import("fs")', 'evaluate("1")', 'createUnit(net)', 'simplify(net)', 'parse(net)', 'eval(net)'])(
    'cannot reach %s',
    (expression) => {
      expect(open(expression)).toThrow(/unexpected character|unknown function/);
    },
  );
});
