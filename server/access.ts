import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { ConfigError } from '../core/errors.ts';

/** Who may talk to this server. */
export interface Access {
  /** True when no token is set, or this is it; takes the same time whatever was sent. */
  permits(token: string | undefined): boolean;
  /**
   * True for a page of our own, and for clients that send no Origin (command lines). Without a token the names must be loopback
   * ones: a page elsewhere whose name was made to resolve to this machine is not our own.
   */
  permitsOrigin(origin: string | undefined, host: string | undefined): boolean;
  /** False when a browser was led here under a foreign name. */
  permitsHost(host: string | undefined): boolean;
}

/** @throws {ConfigError} when the address is not loopback and there is no token, or the token is short. */
export function access(host: string, token: string | undefined): Access {
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
    permits: (sent) => expected === undefined || timingSafeEqual(digest(sent ?? ''), expected),
    permitsHost,
    permitsOrigin: (origin, asked) => permitsHost(asked) && (origin === undefined || hostOf(origin) === asked),
  };
}

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
