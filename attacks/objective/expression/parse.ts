import { ConfigError } from '../../../core/errors.ts';

/** An expression as it was written; `at` is the index of its first character, for messages. */
export type Expression =
  | { readonly kind: 'number'; readonly at: number; readonly value: number }
  | { readonly kind: 'name'; readonly at: number; readonly name: string }
  | { readonly kind: 'call'; readonly at: number; readonly name: string; readonly of: readonly Expression[] }
  | { readonly kind: 'index'; readonly at: number; readonly of: Expression; readonly index: Expression }
  | { readonly kind: 'negate'; readonly at: number; readonly of: Expression }
  | {
      readonly kind: 'binary';
      readonly at: number;
      readonly operator: Operator;
      readonly left: Expression;
      readonly right: Expression;
    };

export type Operator = '+' | '-' | '*' | '/' | '^';

/** What an expression may be at most: what is evaluated at every gradient has to stay small. */
export const limits = { characters: 2000, parts: 300, depth: 40 } as const;

const token = /\s*(?:(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|(.))/suy;

interface Token {
  readonly kind: 'number' | 'name' | 'sign' | 'end';
  readonly text: string;
  readonly at: number;
}

/**
 * ```
 * sum    = product { ("+" | "-") product }        product = signed { ("*" | "/") signed }
 * signed = "-" signed | power                     power   = indexed [ "^" signed ]
 * indexed = primary { "[" sum "]" }               primary = number | name | name "(" sum { "," sum } ")" | "(" sum ")"
 * ```
 * Reads only; knows no name and runs nothing.
 * @throws {ConfigError} with line and column, for what is no such expression or beyond the limits.
 */
export function parseExpression(text: string): Expression {
  if (text.length > limits.characters)
    throw new ConfigError(`expression has ${text.length} characters, at most ${limits.characters} are read`);
  const tokens = tokensOf(text);
  let next = 0;
  let parts = 0;
  let depth = 0;

  const peek = (): Token => tokens[next]!;
  const made = <Part extends Expression>(part: Part): Part => {
    if (++parts > limits.parts) throw wrong(text, part.at, `more than ${limits.parts} parts`);
    return part;
  };
  const take = (sign: string): Token | undefined =>
    peek().kind === 'sign' && peek().text === sign ? tokens[next++] : undefined;
  const expect = (sign: string): void => {
    if (take(sign) === undefined) throw unexpected(text, peek(), `'${sign}'`);
  };
  const nested = <Part>(at: number, read: () => Part): Part => {
    if (++depth > limits.depth) throw wrong(text, at, `nested more than ${limits.depth} deep`);
    const part = read();
    depth--;
    return part;
  };

  function chain(operators: readonly Operator[], operand: () => Expression): Expression {
    let left = operand();
    for (;;) {
      const operator = operators.find((sign) => peek().kind === 'sign' && peek().text === sign);
      if (operator === undefined) return left;
      const { at } = tokens[next++]!;
      left = made({ kind: 'binary', at, operator, left, right: operand() });
    }
  }
  const sum = (): Expression => chain(['+', '-'], product);
  const product = (): Expression => chain(['*', '/'], signed);
  function signed(): Expression {
    const minus = take('-');
    if (minus === undefined) return power();
    return made({ kind: 'negate', at: minus.at, of: nested(minus.at, signed) });
  }
  function power(): Expression {
    const left = indexed();
    const sign = take('^');
    if (sign === undefined) return left;
    return made({ kind: 'binary', at: sign.at, operator: '^', left, right: nested(sign.at, signed) });
  }
  function indexed(): Expression {
    let of = primary();
    for (let open = take('['); open !== undefined; open = take('[')) {
      const index = nested(open.at, sum);
      expect(']');
      of = made({ kind: 'index', at: open.at, of, index });
    }
    return of;
  }
  function primary(): Expression {
    const { kind, text: word, at } = peek();
    if (kind === 'number') {
      next++;
      return made({ kind, at, value: Number(word) });
    }
    if (kind === 'name') {
      next++;
      if (take('(') === undefined) return made({ kind, at, name: word });
      const of = [nested(at, sum)];
      while (take(',') !== undefined) of.push(nested(at, sum));
      expect(')');
      return made({ kind: 'call', at, name: word, of });
    }
    if (take('(') === undefined) throw unexpected(text, peek(), 'a number, a name or a bracket');
    const inner = nested(at, sum);
    expect(')');
    return inner;
  }

  const whole = sum();
  if (peek().kind !== 'end') throw unexpected(text, peek(), 'an operator or the end');
  return whole;
}

/** The error of something at an index of the text, with its line and column. */
export function wrong(text: string, at: number, message: string): ConfigError {
  const before = text.slice(0, at).split('\n');
  return new ConfigError(`${message}, in '${text.length > 80 ? `${text.slice(0, 80)}…` : text}'`, {
    place: { file: 'expression', line: before.length, column: before.at(-1)!.length + 1 },
  });
}

function unexpected(text: string, { kind, text: word, at }: Token, expected: string): ConfigError {
  return wrong(text, at, `got ${kind === 'end' ? 'the end' : `'${word}'`}, expected ${expected}`);
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  for (let match = token.exec(text); match !== null && match[0] !== ''; match = token.exec(text)) {
    const [, number, name, sign] = match;
    const word = number ?? name ?? sign;
    if (word === undefined || word.trim() === '') break; // only spaces were left
    const kind = number === undefined ? (name === undefined ? 'sign' : 'name') : 'number';
    tokens.push({ kind, text: word, at: token.lastIndex - word.length });
  }
  tokens.push({ kind: 'end', text: '', at: text.trimEnd().length });
  return tokens;
}
