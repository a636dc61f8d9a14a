import type { Response } from 'express';
import { z } from 'zod';
import type { RunResult } from '../../core/run.ts';
import type { Scenario } from '../../core/scenario.ts';
import { labelOf } from '../../core/scenario.ts';
import { judge, openGates } from '../../evaluation/gate/gate.ts';
import { junitXml } from '../../evaluation/report/junit.ts';
import { navigatorLayer, stixBundle } from '../../evaluation/report/stix.ts';
import { NotFoundError } from '../problem.ts';
import type { Reporter } from '../reporter.ts';
import type { Store } from '../store.ts';
import { json, operation } from './operation.ts';
import type { Operation } from './operation.ts';
import { runResult, stepNote } from './shapes.ts';

/** A report is a page of its own: it may run nothing, fetch nothing and be nobody's frame but ours. */
const policy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox";

const name = z.string();
const numbers = z.array(z.number().nullable());
const reportShape = z.strictObject({
  format: z.literal('faultline-report'),
  version: z.int(),
  result: runResult,
  figures: z.array(
    z.strictObject({
      name,
      title: z.string(),
      x: z.string(),
      y: z.string(),
      rule: z.strictObject({ y: z.number(), dashed: z.boolean() }),
      series: z.array(z.strictObject({ label: z.string(), x: numbers, y: numbers })),
    }),
  ),
  attacks: z.array(
    z.strictObject({
      label: z.string(),
      techniques: z.array(
        z.strictObject({
          framework: z.string(),
          version: z.string(),
          id: z.string(),
          name: z.string(),
          formerly: z.string().optional(),
        }),
      ),
    }),
  ),
  notes: z.array(stepNote).describe('What people said of steps, by step.'),
});
const condition = z.string().min(1).max(500);
const junitQuery = z.strictObject({
  failIf: z
    .union([condition, z.array(condition).max(32)])
    .optional()
    .describe('Gates, such as `regret.electricity_consumption_total > 0.1`; may be given again.'),
});

/** Reports of runs that are done, made by the code of `faultline report`. */
export function reportOperations(store: Store, reporter: Reporter): readonly Operation[] {
  const done = (id: string): { readonly result: RunResult; readonly endedAt: number } => {
    const { result, state, endedAt } = store.detail(id);
    if (result === null) throw new NotFoundError(`run '${id}' is ${state} and has no result to report on`);
    return { result, endedAt: endedAt! };
  };
  return [
    operation({
      method: 'get',
      path: '/runs/:id/report.html',
      scope: 'read',
      summary: 'The report as one HTML file: figures in it, no script, the numbers in a JSON block.',
      answers: { 200: { description: 'The page.', content: { 'text/html': null } } },
      async handle({ param, response }) {
        const page = await reporter.draw(param('id'), { kind: 'html' });
        response.setHeader('Content-Security-Policy', policy);
        file(response, 'text/html; charset=utf-8', `${param('id')}.html`, page);
      },
    }),
    operation({
      method: 'get',
      path: '/runs/:id/report.json',
      scope: 'read',
      summary: 'What the report shows: the result, the figures as numbers, the techniques of the attacks.',
      answers: { 200: { description: 'The report.', content: json(reportShape) } },
      async handle({ param, response }) {
        response.type('application/json').send(await reporter.draw(param('id'), { kind: 'json' }));
      },
    }),
    ...(['svg', 'png'] as const).map((kind) =>
      operation({
        method: 'get',
        path: `/runs/:id/figures/:name.${kind}`,
        scope: 'read',
        summary: `A figure of the report as ${kind.toUpperCase()}; /runs/{id}/report.json has their names.`,
        answers: { 200: { description: 'The picture.', content: { [types[kind]]: null } } },
        async handle({ param, response }) {
          const picture = await reporter.draw(param('id'), { kind, name: param('name') });
          response.setHeader('Content-Security-Policy', policy);
          file(response, types[kind], `${param('name')}.${kind}`, picture);
        },
      }),
    ),
    operation({
      method: 'get',
      path: '/runs/:id/stix.json',
      scope: 'read',
      summary: 'A STIX 2.1 bundle: techniques, the result as what was observed, a note for each attack.',
      answers: { 200: { description: 'The bundle.', content: json(z.looseObject({ type: z.literal('bundle') })) } },
      handle({ param }) {
        const { result, endedAt } = done(param('id'));
        // As `faultline evaluate` writes it: the same file has the same hash and identifiers.
        const resultJson = new TextEncoder().encode(`${JSON.stringify(result, null, 2)}\n`);
        return stixBundle(result, { at: new Date(endedAt), resultJson });
      },
    }),
    operation({
      method: 'get',
      path: '/runs/:id/navigator-layer.json',
      scope: 'read',
      summary: 'A layer for ATT&CK Navigator, scored by the largest regret in consumption.',
      answers: { 200: { description: 'The layer.', content: json(z.looseObject({ domain: z.string() })) } },
      handle: ({ param }) => navigatorLayer(done(param('id')).result),
    }),
    operation({
      method: 'get',
      path: '/runs/:id/junit.xml',
      scope: 'read',
      summary: 'Checks, and gates where they are given, as JUnit XML.',
      query: junitQuery,
      answers: { 200: { description: 'The file.', content: { 'application/xml': null } } },
      handle({ param, query: { failIf = [] }, response }) {
        const { result } = done(param('id'));
        const { detectors = [], grid } = result.scenario as Scenario;
        const gates = openGates([failIf].flat(), {
          detectors: detectors.map(labelOf),
          grid: grid !== undefined && grid !== null,
        });
        response.type('application/xml').send(junitXml(result, judge(result, gates)));
      },
    }),
  ];
}

const types = { svg: 'image/svg+xml', png: 'image/png' } as const;

/** Shown where it is opened, saved under a name of its own. Run ids and figure names are letters, digits and dashes: they were found. */
function file(response: Response, type: string, name: string, content: Buffer): void {
  response.type(type).setHeader('Content-Disposition', `inline; filename="${name}"`);
  response.send(content);
}
