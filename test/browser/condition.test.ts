import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { condition, ConditionError } from '../../server/console/live/condition.ts';

const channels: Readonly<Record<string, readonly number[]>> = {
  net: [1, 2, 3, Number.NaN],
  'clean.net': [1, 1, 1, 1],
  'score.slow drift': [0, 5, 0, 5],
  soc: [0, 0.5, 1, 1],
};
const column = (name: string) => {
  const values = Object.hasOwn(channels, name) ? channels[name] : undefined;
  return values === undefined ? undefined : (row: number) => values[row]!;
};
const rows = (text: string): number[] => [0, 1, 2, 3].filter(condition(text, column));

describe('a condition on channels', () => {
  it.each([
    ['net > 1', [1, 2]],
    ['net > clean.net + 0.5', [1, 2]],
    ['net > 1 and soc < 1', [1]],
    ['soc == 0 or soc == 1', [0, 2, 3]],
    ['not soc == 0', [1, 2, 3]],
    ['not (soc == 0 or net == 3)', [1, 3]],
    ['`score.slow drift` >= 5', [1, 3]],
    ['(net + 1) * 2 >= 6', [1, 2]],
    ['-net < -2.5', [2]],
    ['abs(soc - 0.5) > .4', [0, 2, 3]],
    ['net - soc * 2 / 4 != 1 and (net > 0)', [1, 2]],
    ['1 + 2 * 3 == 7', [0, 1, 2, 3]],
    ['8 - 4 - 2 == 2 and 8 / 4 / 2 == 1', [0, 1, 2, 3]],
    ['soc >= 1e0 and soc <= 1', [2, 3]],
  ])('%s', (text, expected) => {
    expect(rows(text)).toEqual(expected);
  });

  it('holds nothing of a row without a value', () => {
    expect(rows('net == net')).toEqual([0, 1, 2]);
    expect(rows('net > 0 or soc == 1')).toEqual([0, 1, 2, 3]);
  });

  it.each([
    ['net', 'expected a comparison', 3],
    ['net >', 'expected a channel or a number, got the end', 5],
    ['net > 1 soc', "expected and, or, or a comparison, got 'soc'", 8],
    ['load > 1', "there is no channel 'load'", 0],
    ['(load > 1) and net > 1', "there is no channel 'load'", 1],
    ['net > constructor', "there is no channel 'constructor'", 6],
    ['net # 1', "'#' means nothing here", 4],
    ['(net > 1', 'expected', 8],
    ['abs(net > 1', "expected ')'", 8],
    ['('.repeat(499), 'expected a channel or a number, got the end', 499],
    [`net > ${'1'.repeat(600)}`, 'longer than 500 characters', 500],
  ])('says what is wrong with %s, and where', (text, message, at) => {
    const wrong = (): unknown => condition(text, column);
    expect(wrong).toThrow(ConditionError);
    expect(wrong).toThrow(message);
    try {
      wrong();
    } catch (error) {
      expect((error as ConditionError).at).toBe(at);
    }
  });

  it('agrees with JavaScript on sums and products', () => {
    const expression = fc.letrec<{ sum: string }>((tie) => ({
      sum: fc.oneof(
        { maxDepth: 4 },
        fc.integer({ min: 1, max: 9 }).map(String),
        fc
          .tuple(tie('sum'), fc.constantFrom('+', '-', '*', '/'), tie('sum'))
          .map(([a, sign, b]) => `(${a} ${sign} ${b})`),
        fc.tuple(tie('sum'), fc.constantFrom('+', '-', '*'), tie('sum')).map(([a, sign, b]) => `${a} ${sign} ${b}`),
      ),
    })).sum;
    fc.assert(
      fc.property(expression, expression, fc.constantFrom('<', '<=', '>', '>=', '==', '!='), (a, b, sign) => {
        const text = `${a} ${sign} ${b}`;
        fc.pre(text.length <= 500);
        // oxlint-disable-next-line typescript/no-implied-eval, typescript/no-unsafe-call -- digits, brackets and signs of our own
        const [x, y] = new Function(`return [${a}, ${b}]`)() as [number, number];
        const holds = { '<': x < y, '<=': x <= y, '>': x > y, '>=': x >= y, '==': x === y, '!=': x !== y }[sign];
        expect(condition(text, column)(0)).toBe(holds && !Number.isNaN(x) && !Number.isNaN(y));
      }),
    );
  });

  it('reads anything or says why not', () => {
    const token = fc.constantFrom(
      'net',
      'soc',
      '1',
      '(',
      ')',
      '+',
      '-',
      '<',
      '>=',
      'and',
      'or',
      'not',
      'abs',
      ' ',
      '`x`',
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 30 }), (tokens) => {
        try {
          expect(typeof condition(tokens.join(' '), column)(1)).toBe('boolean');
        } catch (error) {
          expect(error).toBeInstanceOf(ConditionError);
        }
      }),
    );
  });
});
