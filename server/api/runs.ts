import { z } from 'zod';
import { parseValueAs } from '../../core/document.ts';
import type { Command } from '../../core/run.ts';
import { readBareCommand } from '../messages.ts';
import { NotFoundError } from '../problem.ts';
import type { RunManager } from '../run-manager.ts';
import type { Store } from '../store.ts';
import { json, operation, scenarioBody } from './operation.ts';
import type { Operation } from './operation.ts';
import { maxTags, runDetail, runResult, runSummary, tagName } from './shapes.ts';

const launchHeaders = z.object({ 'idempotency-key': z.string().min(1).max(200).optional() });

const annotation = z.strictObject({
  name: z.string().trim().min(1).max(120).optional(),
  note: z.string().max(10_000).optional(),
  archived: z.boolean().optional(),
  tags: z.array(tagName).max(maxTags).optional().describe('All of them: those that are left out are taken off.'),
});

/** What the commands of `core/run.ts` carry beside their type. */
const commands = {
  pause: [z.strictObject({}), 'Pauses before the next step.'],
  resume: [z.strictObject({}), 'Goes on; of an interrupted run: is played again and goes on where it was.'],
  step: [z.strictObject({ steps: z.int().min(1).max(1_000_000).default(1) }), 'Goes on for so many steps.'],
  speed: [
    z.strictObject({ stepsPerSecond: z.number().min(0.1).max(1e6).nullable() }),
    'Sets the pace; null: as fast as it computes.',
  ],
  cancel: [z.strictObject({}), 'Ends it; what it recorded stays.'],
} as const satisfies Record<Command['type'], readonly [z.ZodObject, string]>;

/** Launching, steering and labelling runs. */
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
