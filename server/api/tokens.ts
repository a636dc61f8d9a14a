import { z } from 'zod';
import { scopeNames } from '../access.ts';
import type { Tokens } from '../tokens.ts';
import { json, operation } from './operation.ts';
import type { Operation } from './operation.ts';

const scopes = z.array(z.enum(scopeNames)).min(1).max(scopeNames.length);
const entry = {
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(scopeNames)),
  createdAt: z.int(),
  expiresAt: z.int().nullable(),
};
const request = z.strictObject({
  name: z.string().trim().min(1).max(120).describe('Whose it is.'),
  scopes: scopes.describe('`run` includes `read`, `admin` includes both.'),
  expiresInSeconds: z
    .int()
    .min(1)
    .max(3650 * 86_400)
    .nullable()
    .default(null)
    .describe('null: until it is revoked.'),
});

/** Issuing and revoking tokens. */
export function tokenOperations(tokens: Tokens, now: () => number): readonly Operation[] {
  return [
    operation({
      method: 'get',
      path: '/tokens',
      scope: 'admin',
      summary: 'Tokens that were issued.',
      answers: {
        200: {
          description: 'Without their texts.',
          content: json(z.strictObject({ tokens: z.array(z.strictObject(entry)) })),
        },
      },
      handle: () => ({ tokens: tokens.list() }),
    }),
    operation({
      method: 'post',
      path: '/tokens',
      scope: 'admin',
      summary: 'Issues a token; its text is told this once.',
      body: { kind: 'json', schema: request },
      answers: {
        201: { description: 'The token.', content: json(z.strictObject({ ...entry, token: z.string() })) },
      },
      handle({ body: { expiresInSeconds, ...rest } }) {
        const createdAt = now();
        const expiresAt = expiresInSeconds === null ? null : createdAt + 1000 * expiresInSeconds;
        return tokens.issue({ ...rest, createdAt, expiresAt });
      },
    }),
    operation({
      method: 'delete',
      path: '/tokens/:id',
      scope: 'admin',
      summary: 'Revokes a token at once, and ends the sockets that it opened.',
      answers: { 204: { description: 'It is void.' } },
      handle: ({ param }) => tokens.revoke(param('id')),
    }),
  ];
}
