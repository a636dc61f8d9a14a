import { z } from 'zod';
import { catalogue, schema } from '../../evaluation/vocabulary.ts';
import { json, operation, scenarioBody } from './operation.ts';
import type { Operation } from './operation.ts';
import { named, scenarioShape } from './shapes.ts';

/** Scenarios that ship, their schema and validation, and what they may name. */
export function vocabularyOperations(
  models: () => readonly { readonly name: string; readonly title: string }[],
  examples: () => readonly { readonly name: string; readonly text: string }[],
): readonly Operation[] {
  const policies = (): object => {
    const rules = catalogue['controllers']!.map(({ name, title }) => ({ name, title }));
    return { policies: [...models(), ...rules] };
  };
  return [
    operation({
      method: 'get',
      path: '/schemas/scenario.json',
      scope: 'read',
      summary: 'JSON schema of scenarios, for forms and editors.',
      answers: { 200: { description: 'JSON schema.', content: json(z.looseObject({})) } },
      handle: () => z.toJSONSchema(schema, { io: 'input' }),
    }),
    operation({
      method: 'get',
      path: '/scenarios',
      scope: 'read',
      summary: 'The examples that ship.',
      answers: {
        200: {
          description: 'Names and YAML texts.',
          content: json(z.strictObject({ scenarios: z.array(z.strictObject({ name: z.string(), text: z.string() })) })),
        },
      },
      handle: () => ({ scenarios: examples() }),
    }),
    operation({
      method: 'post',
      path: '/scenarios/validate',
      scope: 'read',
      summary: 'Checks a scenario and fills in every default.',
      body: scenarioBody,
      answers: {
        200: { description: 'The scenario.', content: json(z.strictObject({ scenario: scenarioShape })) },
      },
      handle: ({ body }) => ({ scenario: body }),
    }),
    ...(['attacks', 'detectors', 'modules', 'kpis'] as const).map((kind) =>
      operation({
        method: 'get',
        path: `/${kind}`,
        scope: 'read',
        summary: `What a scenario may name: ${kind}.`,
        answers: { 200: { description: 'Names.', content: json(z.strictObject({ [kind]: z.array(named) })) } },
        handle: () => ({ [kind]: catalogue[kind]!.map(({ name, title }) => ({ name, title })) }),
      }),
    ),
    operation({
      method: 'get',
      path: '/policies',
      scope: 'read',
      summary: 'What a scenario may name: policies.',
      answers: { 200: { description: 'Names.', content: json(z.strictObject({ policies: z.array(named) })) } },
      handle: policies,
    }),
  ];
}
