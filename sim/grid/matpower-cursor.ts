import { GridCaseError } from './grid-fault.ts';
import type { Token } from './matpower-tokens.ts';

/** Where the reading of a case file stands. What it finds wrong it says with file and line. */
export class TokenCursor {
  /** Position of the next token. */
  at = 0;
  private readonly tokens: readonly Token[];
  private readonly file: string;

  constructor(tokens: readonly Token[], file: string) {
    this.tokens = tokens;
    this.file = file;
  }

  /** @param ahead of the next one  @returns undefined behind the end */
  peek(ahead = 0): Token | undefined {
    return this.tokens[this.at + ahead];
  }

  /** @throws {GridCaseError} E_FORMAT at the end, or of another kind */
  take(kind?: Token['kind']): Token {
    const token = this.peek();
    if (token === undefined) throw this.wrong('ends in the middle of a statement', this.tokens.at(-1));
    if (kind !== undefined && token.kind !== kind)
      throw this.wrong(`'${token.kind === 'end' ? 'end of line' : token.text}', expected a ${kind}`, token);
    this.at++;
    return token;
  }

  /** @throws {GridCaseError} E_FORMAT of anything else */
  expect(text: string): void {
    const token = this.take();
    if (token.text !== text)
      throw this.wrong(`'${token.text === '\n' ? 'end of line' : token.text}', expected '${text}'`, token);
  }

  /** Goes on to the end of the statement. @throws {GridCaseError} E_FORMAT where it has none */
  skipStatement(): void {
    while (this.peek()?.kind !== 'end') this.take();
  }

  wrong(message: string, token: Token | undefined = this.tokens.at(-1)): GridCaseError {
    return new GridCaseError('E_FORMAT', message, { file: this.file, line: token?.line ?? 1 });
  }
}
