import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { ConfigError } from '../core/errors.ts';

/** What a token allows: reading, launching and steering runs, everything. Each includes those before it. */
export const scopeNames = ['read', 'run', 'admin'] as const;
export type Scope = (typeof scopeNames)[number];
export type Scopes = ReadonlySet<Scope>;

/** Who may talk to this server. */
export interface Access {
  /** What a token allows: everything when the server has none of its own; undefined for one that is not known. */
  scopes(token: string | undefined): Scopes | undefined;
  /**
   * True for a page of our own, and for clients that send no Origin (command lines). Without a token the names must be loopback
   * ones: a page elsewhere whose name was made to resolve to this machine is not our own.
   */
  permitsOrigin(origin: string | undefined, host: string | undefined): boolean;
  /** False when a browser was led here under a foreign name. */
  permitsHost(host: string | undefined): boolean;
}

/**
 * @param token the server's own, which allows everything
 * @param issued what an issued token allows
 * @throws {ConfigError} when the address is not loopback and there is no token, or the token is short.
 */
export function access(host: string, token: string | undefined, issued: (token: string) => Scopes | undefined): Access {
  if (token !== undefined && token.length < 16) {
    throw new ConfigError(`the token has ${token.length} characters, expected at least 16`);
  }
  if (token === undefined && !isLoopback(host)) {
    throw new ConfigError(
      `binding to ${host} needs a bearer token: set --token or FAULTLINE_TOKEN, or bind to 127.0.0.1`,
    );
  }
  const expected = token === undefined ? undefined : digest(token);
  const permitsHost = (asked: string | undefined): boolean =>
    expected !== undefined || (asked !== undefined && isLoopback(nameOf(asked)));
  return {
    scopes(sent) {
      if (expected === undefined || timingSafeEqual(digest(sent ?? ''), expected)) return everything;
      return sent === undefined ? undefined : issued(sent);
    },
    permitsHost,
    permitsOrigin: (origin, asked) => permitsHost(asked) && (origin === undefined || hostOf(origin) === asked),
  };
}

/** A list of scopes with those that each includes. */
export function expanded(scopes: readonly Scope[]): Scopes {
  return new Set(scopeNames.slice(0, Math.max(...scopes.map((scope) => scopeNames.indexOf(scope))) + 1));
}

const everything: Scopes = new Set(scopeNames);

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

/** `name:port` without its port and brackets. */
function nameOf(host: string): string {
  return host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
}

/** The token of an `Authorization: Bearer …` header. */
export function bearer(header: string | undefined): string | undefined {
  return /^Bearer (.+)$/.exec(header ?? '')?.[1];
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
