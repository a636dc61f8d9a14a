/** A value of one row, made from an expression. */
export type RowValue = (row: number) => number;

/** An expression that cannot be read: what is wrong, and where it is, counted from 0. */
export class ConditionError extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.name = 'ConditionError';
    this.at = at;
  }
}

interface Token {
  readonly kind: 'number' | 'name' | 'sign' | 'end';
  readonly text: string;
  readonly at: number;
}

const pattern =
  /\s*(?:(?<number>(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)|(?<name>[A-Za-z_][\w.:]*)|`(?<quoted>[^`]+)`|(?<sign><=|>=|==|!=|[-+*/()<>]))/iy;
const most = 500;

const compare: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
};

/**
 * A condition on rows, as `net > clean.net + 0.5 and not (soc <= 0.1 or abs(action) > 0.4)`: comparisons of sums and products of channels and
 * numbers, joined by `and`, `or`, `not`. Names with other than letters, digits and dots stand in backquotes. A row without a value holds nothing.
 * @param column of a name; undefined where there is none
 * @throws {ConditionError}
 */
export function condition(text: string, column: (name: string) => RowValue | undefined): (row: number) => boolean {
  if (text.length > most) throw new ConditionError(`longer than ${most} characters`, most);
  const tokens = tokensOf(text);
  let next = 0;
  const peek = (): Token => tokens[next]!;
  const take = (...signs: readonly string[]): Token | undefined =>
    signs.includes(peek().text) && peek().kind !== 'number' ? tokens[next++] : undefined;
  const expected = (what: string): ConditionError =>
    new ConditionError(`expected ${what}, got ${peek().kind === 'end' ? 'the end' : `'${peek().text}'`}`, peek().at);

  const value = either();
  if (peek().kind !== 'end') throw expected('and, or, or a comparison');
  return (row) => value(row) === 1;

  function either(): RowValue {
    let left = both();
    while (take('or') !== undefined) {
      const [a, b] = [left, both()];
      left = (row) => (a(row) === 1 || b(row) === 1 ? 1 : 0);
    }
    return left;
  }
  function both(): RowValue {
    let left = denied();
    while (take('and') !== undefined) {
      const [a, b] = [left, denied()];
      left = (row) => (a(row) === 1 && b(row) === 1 ? 1 : 0);
    }
    return left;
  }
  function denied(): RowValue {
    if (take('not') === undefined) return compared();
    const inner = denied();
    return (row) => (inner(row) === 1 ? 0 : 1);
  }
  function compared(): RowValue {
    const start = next;
    if (take('(') !== undefined) {
      // A bracket holds a condition, or else a number that is compared with something.
      const inner = attempted(either);
      if (inner !== undefined) return closed(inner);
      next = start;
    }
    const a = sum();
    const sign = take(...Object.keys(compare));
    if (sign === undefined) throw expected('a comparison (<, <=, >, >=, ==, !=)');
    const b = sum();
    const holds = compare[sign.text]!;
    return (row) => {
      const [x, y] = [a(row), b(row)];
      return !Number.isNaN(x) && !Number.isNaN(y) && holds(x, y) ? 1 : 0;
    };
  }
  function sum(): RowValue {
    let left = product();
    for (let sign = take('+', '-'); sign !== undefined; sign = take('+', '-')) {
      const [a, b] = [left, product()];
      left = sign.text === '+' ? (row) => a(row) + b(row) : (row) => a(row) - b(row);
    }
    return left;
  }
  function product(): RowValue {
    let left = factor();
    for (let sign = take('*', '/'); sign !== undefined; sign = take('*', '/')) {
      const [a, b] = [left, factor()];
      left = sign.text === '*' ? (row) => a(row) * b(row) : (row) => a(row) / b(row);
    }
    return left;
  }
  function factor(): RowValue {
    if (take('-') !== undefined) {
      const inner = factor();
      return (row) => -inner(row);
    }
    if (take('(') !== undefined) return closed(sum());
    const token = peek();
    if (token.kind === 'number') {
      next++;
      const number = Number(token.text);
      return () => number;
    }
    if (token.kind !== 'name') throw expected('a channel or a number');
    next++;
    if (token.text === 'abs' && take('(') !== undefined) {
      const inner = closed(sum());
      return (row) => Math.abs(inner(row));
    }
    const found = column(token.text);
    if (found === undefined) throw new ConditionError(`there is no channel '${token.text}'`, token.at);
    return found;
  }
  function attempted(read: () => RowValue): RowValue | undefined {
    try {
      return read();
    } catch (error) {
      if (error instanceof ConditionError) return undefined;
      throw error;
    }
  }
  function closed(inner: RowValue): RowValue {
    if (take(')') === undefined) throw expected("')'");
    return inner;
  }
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  pattern.lastIndex = 0;
  for (let at = 0; text.slice(at).trim() !== ''; at = pattern.lastIndex) {
    pattern.lastIndex = at;
    const groups = pattern.exec(text)?.groups;
    const start = at + /^\s*/.exec(text.slice(at))![0].length;
    if (groups === undefined) throw new ConditionError(`'${text[start]!}' means nothing here`, start);
    const { number, name, quoted, sign } = groups;
    if (number !== undefined) tokens.push({ kind: 'number', text: number, at: start });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign, at: start });
    else tokens.push({ kind: 'name', text: (name ?? quoted)!, at: start });
  }
  return [...tokens, { kind: 'end', text: '', at: text.length }];
}
