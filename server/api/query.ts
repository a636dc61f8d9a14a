import { z } from 'zod';
import type { QueryBox } from '../query.ts';
import { json, operation } from './operation.ts';
import type { Operation } from './operation.ts';

const question = z.strictObject({
  sql: z
    .string()
    .min(1)
    .max(20_000)
    .describe("One SELECT, as DuckDB reads it, over `runs`, `kpis` and `telemetry('<run id>')`."),
  limit: z.int().min(1).max(10_000).default(1000).describe('Most rows.'),
  seconds: z.int().min(1).max(30).default(10).describe('Longest time.'),
});
const answer = z.strictObject({
  columns: z.array(z.strictObject({ name: z.string(), type: z.string() })),
  rows: z.array(z.array(z.unknown())),
  truncated: z.boolean().describe('There are more rows than the limit, or than 8 MB.'),
  seconds: z.number(),
});

/** Questions in SQL. */
export function queryOperation(box: QueryBox): Operation {
  return operation({
    method: 'post',
    path: '/query',
    scope: 'admin',
    summary: 'Answers a question in SQL over the runs; ended when its request is.',
    body: { kind: 'json', schema: question },
    answers: { 200: { description: 'The rows.', content: json(answer) } },
    async handle({ body: { sql, limit, seconds }, response }) {
      const gone = new AbortController();
      response.on('close', () => gone.abort());
      const begun = performance.now();
      try {
        const answered = await box.ask(sql, limit, seconds, gone.signal);
        const { columns, rows, truncated } = answered;
        return { columns, rows, truncated, seconds: Math.round(performance.now() - begun) / 1000 };
      } catch (error) {
        if (!gone.signal.aborted) throw error;
        response.destroy(); // nobody hears it
        return undefined;
      }
    },
  });
}
