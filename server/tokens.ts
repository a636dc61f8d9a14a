import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Subject } from 'rxjs';
import { expanded } from './access.ts';
import type { Scope, Scopes } from './access.ts';
import { NotFoundError } from './problem.ts';
import type { Row, Sqlite } from './sqlite.ts';

/** A token as lists show it: what was sent to its owner is not kept. */
export interface TokenEntry {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

/** Tokens issued by an administrator. Kept as SHA-256: they are 256 random bits, which no list of words contains. */
export class Tokens {
  /** Told after each that was revoked: who came in by it has to go. */
  readonly revoked = new Subject<void>();
  readonly #database: Sqlite;

  constructor(database: Sqlite) {
    this.#database = database;
  }

  /** Makes a token; its text is told this once. */
  issue(request: Omit<TokenEntry, 'id'>): TokenEntry & { readonly token: string } {
    const id = randomUUID();
    const token = `flt_${randomBytes(32).toString('base64url')}`;
    const { name, scopes, createdAt, expiresAt } = request;
    this.#database
      .prepare('insert into token(id, name, hash, scopes, created_at, expires_at) values (?, ?, ?, ?, ?, ?)')
      .run(id, name, digest(token), scopes.join(' '), createdAt, expiresAt);
    return { id, ...request, token };
  }

  list(): readonly TokenEntry[] {
    return this.#database.prepare('select * from token order by created_at desc, id').all().map(entryOf);
  }

  /** @throws {NotFoundError} */
  revoke(id: string): void {
    const { changes } = this.#database.prepare('delete from token where id = ?').run(id);
    if (changes === 0) throw new NotFoundError(`there is no token '${id.slice(0, 80)}'`);
    this.revoked.next();
  }

  /** What a token allows; undefined for one that was not issued, was revoked or is over. */
  scopesOf(token: string, now: number): Scopes | undefined {
    const row = this.#database.prepare('select * from token where hash = ?').get(digest(token));
    if (row === undefined) return undefined;
    const { scopes, expiresAt } = entryOf(row);
    return expiresAt !== null && expiresAt <= now ? undefined : expanded(scopes);
  }
}

function entryOf(row: Row): TokenEntry {
  return {
    id: String(row['id']),
    name: String(row['name']),
    scopes: String(row['scopes']).split(' ') as Scope[],
    createdAt: Number(row['created_at']),
    expiresAt: row['expires_at'] === null ? null : Number(row['expires_at']),
  };
}

function digest(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
