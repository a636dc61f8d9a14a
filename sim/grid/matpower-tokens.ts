import { GridCaseError } from './grid-fault.ts';

/** A piece of a MATPOWER file. `end`: a statement ends here (`;` or a newline outside of brackets). */
export interface Token {
  readonly kind: 'number' | 'name' | 'text' | 'sign' | 'end' | 'newline';
  readonly text: string;
  /** Of a number. */
  readonly value: number;
  readonly line: number;
  /** Whether blanks stand before it: inside of brackets they part numbers, so that `1 -2` is two of them. */
  readonly spaced: boolean;
}

// `1...` is a 1 and a continuation.
const number = /^(?:\d+(?:\.(?!\.\.)\d*)?|\.\d+)(?:[eEdD][+-]?\d+)?/;
const name = /^[A-Za-z]\w*(?:\.[A-Za-z]\w*)*/;

/**
 * Cuts the text of a MATPOWER case file up: comments (`%` to the end of its line, `%{` … `%}` blocks) and continuations (`...`) are gone.
 * @throws {GridCaseError} E_FORMAT with file and line, of a character that no case file has
 */
export function matpowerTokens(text: string, file: string): Token[] {
  const tokens: Token[] = [];
  let depth = 0;
  let comment = 0;
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  let continued = false;
  for (const [row, whole] of lines.entries()) {
    const line = row + 1;
    const bare = whole.trim();
    if (bare === '%{' || bare === '#{') comment++;
    if (comment > 0) {
      if (bare === '%}' || bare === '#}') comment--;
      continue;
    }
    let at = 0;
    let spaced = true;
    continued = false;
    while (at < whole.length) {
      const rest = whole.slice(at);
      const character = rest[0]!;
      if (character === '%' || character === '#') break;
      if (rest.startsWith('...')) {
        continued = true;
        break;
      }
      if (/\s/.test(character)) {
        spaced = true;
        at++;
        continue;
      }
      const push = (kind: Token['kind'], piece: string, value = Number.NaN): void => {
        tokens.push({ kind, text: piece, value, line, spaced });
        at += piece.length;
        spaced = false;
      };
      const digits = number.exec(rest)?.[0];
      const word = name.exec(rest)?.[0];
      if (digits !== undefined) push('number', digits, Number(digits.replace(/[dD]/, 'e')));
      else if (word !== undefined) {
        const value = /^inf$/i.test(word) ? Infinity : /^nan$/i.test(word) ? Number.NaN : undefined;
        if (value === undefined) push('name', word);
        else push('number', word, value);
      } else if (character === "'" || character === '"') {
        const quoted = new RegExp(`^${character}((?:[^${character}]|${character}${character})*)${character}`).exec(
          rest,
        );
        if (quoted === null) throw new GridCaseError('E_FORMAT', 'a text without its closing quote', { file, line });
        tokens.push({
          kind: 'text',
          text: quoted[1]!.replaceAll(character + character, character),
          value: Number.NaN,
          line,
          spaced,
        });
        at += quoted[0].length;
        spaced = false;
      } else if ('[{('.includes(character)) {
        depth++;
        push('sign', character);
      } else if (']})'.includes(character)) {
        depth--;
        push('sign', character);
      } else if (character === ';') push(depth > 0 ? 'sign' : 'end', ';');
      else if ('=,:+-*/^&|<>~!@.'.includes(character)) push('sign', character);
      else
        throw new GridCaseError('E_FORMAT', `'${character}' is no part of a case file`, { file, line, column: at + 1 });
    }
    if (!continued)
      tokens.push({ kind: depth > 0 ? 'newline' : 'end', text: '\n', value: Number.NaN, line, spaced: true });
  }
  return tokens;
}
