import { z } from 'zod';
import { ConfigError, StateError } from '../../core/errors.ts';
import { NotFoundError } from '../problem.ts';
import type { RunManager } from '../run-manager.ts';
import { runSorts } from '../run-query.ts';
import type { RunSort } from '../run-query.ts';
import type { Store } from '../store.ts';
import { json, operation } from './operation.ts';
import type { Operation } from './operation.ts';
import { maxTags, runState, runSummary, tagName } from './shapes.ts';

const word = z.string().min(1).max(200);
const listQuery = z.strictObject({
  state: runState.optional(),
  q: z
    .string()
    .max(200)
    .optional()
    .describe(
      'Words: each is part of the name, policy, dataset, a building, a module or an attack, or is a state, a tag, or how an id begins.',
    ),
  attack: word.optional().describe('Name or label of an attack.'),
  policy: word.optional(),
  tag: word.optional(),
  sweep: word.optional(),
  since: z.coerce.number().min(0).optional().describe('Created then or later, milliseconds since the epoch.'),
  archived: z.enum(['true', 'false', 'all']).default('false'),
  metric: word.optional().describe('As in /figures: adds `figures`, and is what `metric` sorts by.'),
  sort: z.enum(runSorts as readonly [RunSort, ...RunSort[]]).default('-created'),
  cursor: z.string().max(1000).optional().describe('That of the page before; with the same sort.'),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

const figure = z.number().nullable();
const figures = z
  .record(
    z.string(),
    z.strictObject({
      count: z.int(),
      mean: figure,
      std: figure,
      min: figure,
      max: figure,
      sketch: z.array(figure).optional(),
    }),
  )
  .describe('By run: the metric over its lanes under attack (over all where none is), and how it went.');
const page = z.strictObject({
  runs: z.array(runSummary),
  cursor: z.string().nullable(),
  total: z.int().describe('Runs on all pages.'),
  figures: figures.optional(),
});

const actions = ['archive', 'unarchive', 'delete', 'cancel', 'tag', 'untag'] as const;
const bulk = z
  .strictObject({
    ids: z.array(z.string().min(1).max(64)).min(1).max(1000),
    action: z.enum(actions),
    tag: tagName.optional().describe('Of `tag` and `untag`.'),
  })
  .refine(({ action, tag }) => (action === 'tag' || action === 'untag') === (tag !== undefined), {
    path: ['tag'],
    message: 'goes with `tag` and `untag`, and they with it',
  });

/** Lists of runs, what they can be filtered and ordered by, and what is done to many at once. */
export function runListOperations(store: Store, manager: RunManager): readonly Operation[] {
  const act = (id: string, { action, tag }: z.output<typeof bulk>): void => {
    if (action === 'delete') return manager.remove(id);
    if (action === 'cancel') return void manager.command(id, { type: 'cancel' });
    if (tag === undefined) return void manager.annotate(id, { archived: action === 'archive' });
    const others = store.summary(id).tags.filter((one) => one !== tag);
    if (action === 'tag' && others.length >= maxTags) throw new ConfigError(`run '${id}' has ${maxTags} tags already`);
    manager.annotate(id, { tags: action === 'tag' ? [...others, tag] : others });
  };
  return [
    operation({
      method: 'get',
      path: '/runs',
      scope: 'read',
      summary: 'Runs, in pages.',
      query: listQuery,
      answers: { 200: { description: 'A page; `cursor` asks for the next one.', content: json(page) } },
      handle({ query: { q, archived, sort, ...query } }) {
        if (sort.endsWith('metric') && query.metric === undefined)
          throw new ConfigError(`'${sort}' sorts by a metric: name it with metric=`, { place: { path: '/metric' } });
        const found = store.list({
          ...query,
          sort,
          text: q,
          archived: archived === 'all' ? 'all' : archived === 'true',
        });
        if (query.metric === undefined) return found;
        return {
          ...found,
          figures: store.figures.of(
            query.metric,
            found.runs.map(({ id }) => id),
          ),
        };
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
      path: '/figures',
      scope: 'read',
      summary: 'Metrics that results have.',
      answers: {
        200: {
          description: 'Metrics with the number of their runs.',
          content: json(z.strictObject({ figures: z.array(z.strictObject({ metric: z.string(), runs: z.int() })) })),
        },
      },
      handle: () => ({ figures: store.figures.metrics() }),
    }),
    operation({
      method: 'post',
      path: '/runs/bulk',
      scope: 'run',
      summary: 'Does one thing to many runs; those that it cannot be done to stay as they are.',
      body: { kind: 'json', schema: bulk },
      answers: {
        200: {
          description: 'How many it was done to, and why not to the others.',
          content: json(
            z.strictObject({
              done: z.int(),
              refused: z.array(z.strictObject({ id: z.string(), reason: z.string() })),
            }),
          ),
        },
      },
      handle({ body }) {
        const refused: { id: string; reason: string }[] = [];
        const ids = [...new Set(body.ids)];
        for (const id of ids)
          try {
            act(id, body);
          } catch (error) {
            if (!(error instanceof StateError || error instanceof NotFoundError || error instanceof ConfigError))
              throw error;
            refused.push({ id, reason: error.message });
          }
        return { done: ids.length - refused.length, refused };
      },
    }),
  ];
}
