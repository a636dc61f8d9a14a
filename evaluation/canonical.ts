import { sha256Hex } from '../core/sha256.ts';

/** JSON with sorted keys: the same value always gives the same text, and so the same hash. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}

/** SHA-256, hex, of a value's canonical JSON. */
export function hashOf(value: unknown): string {
  return sha256Hex(new TextEncoder().encode(canonicalJson(value)));
}
