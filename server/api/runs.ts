import { z } from 'zod';
import { parseValueAs } from '../../core/document.ts';
import type { Command } from '../../core/run.ts';
import { readBareCommand } from '../messages.ts';
import { NotFoundError } from '../problem.ts';
import type { RunManager } from '../run-manager.ts';
import { runSorts } from '../run-query.ts';
import type { RunSort } from '../run-query.ts';
import type { Store } from '../store.ts';
import { json, operation, scenarioBody } from './operation.ts';
import type { Operation } from './operation.ts';
import { runDetail, runResult, runState, runSummary } from './shapes.ts';

const word = z.string().min(1).max(200);
const listQuery = z.strictObject({
  state: runState.optional(),
  q: z.string().max(200).optional().describe('Part of the name, policy, dataset, a building, a module or an attack.'),
  attack: word.optional().describe('Name or label of an attack.'),
  tag: word.optional(),
  sweep: word.optional(),
  archived: z.enum(['true', 'false', 'all']).default('false'),
  sort: z.enum(runSorts as readonly [RunSort, ...RunSort[]]).default('-created'),
  cursor: z.string().max(1000).optional().describe('That of the page before; with the same sort.'),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
const launchHeaders = z.object({ 'idempotency-key': z.string().min(1).max(200).optional() });

const label = z
  .string()
  .trim()
  .min(1)
  .max(64)
  .regex(/^[^\p{Cc},]*$/u, 'no commas, no control characters');
const annotation = z.strictObject({
  name: z.string().trim().min(1).max(120).optional(),
  note: z.string().max(10_000).optional(),
  archived: z.boolean().optional(),
  tags: z.array(label).max(32).optional().describe('All of them: those that are left out are taken off.'),
});

/** What the commands of `core/run.ts` carry beside their type. */
const commands = {
  pause: [z.strictObject({}), 'Pauses before the next step.'],
  resume: [z.strictObject({}), 'Goes on.'],
  step: [z.strictObject({ steps: z.int().min(1).max(1_000_000).default(1) }), 'Goes on for so many steps.'],
  speed: [
    z.strictObject({ stepsPerSecond: z.number().min(0.1).max(1e6).nullable() }),
    'Sets the pace; null: as fast as it computes.',
  ],
  cancel: [z.strictObject({}), 'Ends it; what it recorded stays.'],
} as const satisfies Record<Command['type'], readonly [z.ZodObject, string]>;

/** Launching, listing, steering and labelling runs. */
export function runOperations(store: Store, manager: RunManager): readonly Operation[] {
  return [
    operation({
      method: 'post',
      path: '/runs',
      scope: 'run',
      summary: 'Queues a run. The same Idempotency-Key answers the same run.',
      headers: launchHeaders,
      body: scenarioBody,
      answers: { 201: { description: 'The run.', content: json(runSummary) } },
      handle({ request, response, body }) {
        const { 'idempotency-key': key } = parseValueAs(request.headers, 'headers', launchHeaders);
        const run = manager.launch(body, { key });
        response.location(`/api/v1/runs/${run.id}`);
        return run;
      },
    }),
    operation({
      method: 'get',
      path: '/runs',
      scope: 'read',
      summary: 'Runs, in pages.',
      query: listQuery,
      answers: {
        200: {
          description: 'A page; `cursor` asks for the next one.',
          content: json(z.strictObject({ runs: z.array(runSummary), cursor: z.string().nullable() })),
        },
      },
      handle({ query: { q, archived, ...query } }) {
        return store.list({ ...query, text: q, archived: archived === 'all' ? 'all' : archived === 'true' });
      },
    }),
    operation({
      method: 'get',
      path: '/tags',
      scope: 'read',
      summary: 'Tags in use.',
      answers: {
        200: {
          description: 'Tags with the number of their runs.',
          content: json(z.strictObject({ tags: z.array(z.strictObject({ tag: z.string(), runs: z.int() })) })),
        },
      },
      handle: () => ({ tags: store.tags() }),
    }),
    operation({
      method: 'get',
      path: '/runs/:id',
      scope: 'read',
      summary: 'A run with its scenario, telemetry schema and result.',
      answers: { 200: { description: 'The run.', content: json(runDetail) } },
      handle: ({ param }) => store.detail(param('id')),
    }),
    operation({
      method: 'patch',
      path: '/runs/:id',
      scope: 'run',
      summary: 'Renames, tags, annotates or archives a run.',
      body: { kind: 'json', schema: annotation },
      answers: { 200: { description: 'The run.', content: json(runSummary) } },
      handle: ({ param, body }) => manager.annotate(param('id'), body),
    }),
    operation({
      method: 'delete',
      path: '/runs/:id',
      scope: 'run',
      summary: 'Removes a run that is over, with its files.',
      answers: { 204: { description: 'It is gone.' } },
      handle: ({ param }) => manager.remove(param('id')),
    }),
    ...(Object.keys(commands) as Command['type'][]).map((type) =>
      operation({
        method: 'post',
        path: `/runs/:id/${type}`,
        scope: 'run',
        summary: commands[type][1],
        body: { kind: 'json', schema: commands[type][0] as z.ZodType<object>, optional: true },
        answers: { 200: { description: 'The run.', content: json(runSummary) } },
        handle: ({ param, body }) => manager.command(param('id'), readBareCommand({ ...body, type })),
      }),
    ),
    operation({
      method: 'post',
      path: '/runs/:id/clone',
      scope: 'run',
      summary: 'Queues the same scenario again, under another name or seed if they are given.',
      body: {
        kind: 'json',
        optional: true,
        schema: z.strictObject({
          name: z.string().trim().min(1).max(120).optional(),
          seed: z.int().min(0).optional(),
        }),
      },
      answers: { 201: { description: 'The new run.', content: json(runSummary) } },
      handle({ param, body, response }) {
        const { scenario } = store.detail(param('id'));
        const { name = scenario.name, seed = scenario.seed } = body;
        const run = manager.launch({ ...scenario, name, seed });
        response.location(`/api/v1/runs/${run.id}`);
        return run;
      },
    }),
    operation({
      method: 'get',
      path: '/runs/:id/result',
      scope: 'read',
      summary: 'What the run came to.',
      answers: { 200: { description: 'result.json', content: json(runResult) } },
      handle({ param }) {
        const { result, state } = store.detail(param('id'));
        if (result === null) throw new NotFoundError(`run '${param('id')}' is ${state} and has no result`);
        return result;
      },
    }),
  ];
}
