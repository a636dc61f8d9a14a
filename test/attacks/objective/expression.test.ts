import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExpression } from '../../../attacks/objective/expression/parse.ts';
import { objectiveOf, objectives } from '../../../attacks/objective/index.ts';
import { ConfigError, FaultlineError } from '../../../core/errors.ts';
import { goalOf } from '../../../core/goal.ts';
import { headOutputs } from '../../../core/policy.ts';
import type { Head } from '../../../core/policy.ts';
import { rng } from '../../../core/rng.ts';
import type { Objective } from '../../../core/victim.ts';
import { heads } from '../../support/reference-victim.ts';

const bins: Head = { kind: 'categorical', values: [-1, 0, 1] };

function run(
  objective: Objective,
  head: Head,
  logits: readonly number[],
  clean: readonly number[],
  side = 0,
): number[] {
  const goal = goalOf({ head, observationSize: 0, logitsSize: logits.length }, 1);
  goal.clean.set(clean);
  goal.side.fill(side);
  const value = new Float32Array(1);
  const gradient = new Float32Array(logits.length);
  objective.evaluate(head, Float32Array.from(logits), goal, 1, value, gradient);
  return [...value, ...gradient];
}

const written = (expression: string): Objective => objectiveOf({ expression });

describe('an expression says what a named objective says', () => {
  it.each([
    ['other(z, y) - z[y]', 'margin'],
    ['-log(p[y])', 'cross-entropy'],
    ['lse(z) - z[y]', 'cross-entropy'],
    ['sum(clean_p * (log(clean_p) - log(p)))', 'kl'],
  ] as const)('%s is %s', (expression, name) => {
    const stream = rng(3);
    for (let trial = 0; trial < 20; trial++) {
      const draw = (): number[] => Array.from({ length: 3 }, () => stream.normal());
      const [z, clean] = [draw(), draw()];
      const expected = run(objectives[name], bins, z, clean);
      run(written(expression), bins, z, clean).forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 5));
    }
  });

  it.each(['squashed-gaussian', 'gaussian', 'deterministic'] as const)('on the means of a %s head', (kind) => {
    const head = heads[kind];
    const z = [0.4, 0.2].slice(0, headOutputs(head));
    const clean = [0.1, 0.3].slice(0, headOutputs(head));
    const cases = [
      ['sum(abs(z - clean))', 'action-distance'],
      ['sum(abs(u - clean_u))', 'executed-action-distance'],
    ] as const;
    for (const [expression, name] of cases)
      run(written(expression), head, z, clean).forEach((v, i) =>
        expect(v).toBeCloseTo(run(objectives[name], head, z, clean)[i]!, 6),
      );
  });
});

describe('arithmetic', () => {
  const at = (expression: string): number => run(written(expression), bins, [1, 2, 3], [5, 0, 0], -1)[0]!;
  it.each([
    ['1 + 2 * 3 ^ 2 ^ 0 - 4 / 2', 5],
    ['-2 ^ 2', -4],
    ['2 ^ -1', 0.5],
    ['(z * a)[2] - z[0]', 2],
    ['max(z) + min(z) + sum(z) + mean(z)', 12],
    ['max(0, -z[1])', 0],
    ['y + side', -1],
    ['clean[y]', 5],
    ['1e-1 + .5 + 2.', 2.6],
    ['sqrt(abs(-4)) + sign(-3)', 1],
  ])('%s', (expression, value) => {
    expect(at(expression)).toBeCloseTo(value, 6);
  });
});

describe('what is no such expression is refused, with its place', () => {
  it.each([
    ['', /1:1.*the end/],
    ['z[', /1:3.*got the end/],
    ['z[0] +', /1:7.*the end.*a number, a name or a bracket/],
    ['z[0]\n* )', /2:3.*'\)'/],
    ['sum(z) sum(z)', /1:8.*an operator or the end/],
    ['z[0]; z[1]', /1:5.*';'/],
    ['z["constructor"]', /1:3/],
    ['`x`', /1:1/],
  ])('%j', (expression, message) => {
    expect(() => written(expression)).toThrow(ConfigError);
    expect(() => written(expression)).toThrow(message);
  });

  it.each([
    ['constructor', /1:1.*unknown name.*constructor/],
    ['__proto__[0]', /unknown name/],
    ['sum(zz)', /1:5.*unknown name.*'zz'/],
    ['eval(z)', /unknown function/],
    ['toString(z)', /unknown function/],
    ['hasOwnProperty(z)', /unknown function/],
    ['sum(u)', /unknown name.*'u'.*Known: z, clean/],
    ['z', /1:1.*one number.*vector of 3/],
    ['z[3]', /1:3.*0 … 2 or y/],
    ['z[0.5]', /0 … 2/],
    ['z[z[0]]', /0 … 2/],
    ['z[0][0]', /only a vector/],
    ['sum(z, z)', /1 argument/],
    ['2 ^ z[0]', /exponent/],
    ['other(z)', /2 arguments/],
  ])('%s on bins', (expression, message) => {
    const objective = written(expression);
    expect(() => objective.check(bins)).toThrow(FaultlineError);
    expect(() => objective.check(bins)).toThrow(message);
  });

  it('beyond the limits of length, parts and depth', () => {
    expect(() => parseExpression('1'.repeat(2001))).toThrow(/2001 characters/);
    expect(() => parseExpression(Array(200).fill('1').join('+'))).toThrow(/more than 300 parts/);
    for (const deep of ['('.repeat(50) + '1' + ')'.repeat(50), '-'.repeat(50) + '1', 'abs('.repeat(50)])
      expect(() => parseExpression(deep)).toThrow(/nested more than 40/);
  });

  it('whatever is thrown at it, the error is named', () => {
    const alphabet = fc.constantFrom(
      ...Array.from('zpay0123.+-*/^()[], \n'),
      'sum',
      'max',
      'other',
      'e9',
      '"',
      '=',
      '\u2028',
      'é',
    );
    fc.assert(
      fc.property(fc.string({ unit: alphabet, maxLength: 40 }), (text) => {
        try {
          const objective = written(text);
          objective.check(bins);
          expect(run(objective, bins, [1, 2, 3], [1, 2, 3])).toHaveLength(4);
        } catch (error) {
          expect(error).toBeInstanceOf(FaultlineError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
