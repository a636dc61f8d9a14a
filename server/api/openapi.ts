import { z } from 'zod';
import type { Answer, Operation } from './operation.ts';
import { problemShape } from './shapes.ts';

/** OpenAPI 3.1 of the operations: paths, parameters and bodies from the schemas that check them. */
export function openApi(operations: readonly Operation[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const one of operations) {
    const path = one.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [one.method]: described(one) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Faultline', version },
    servers: [{ url: '/api/v1' }],
    paths,
    components: {
      schemas: { Problem: schemaOf(problemShape) },
      responses: {
        Problem: {
          description: 'Refused: problem details (RFC 9457).',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    },
    security: [{ bearer: [] }, {}],
  };
}

function described({ path, method, scope, summary, query, headers, body, answers }: Operation): object {
  const parameters = [
    ...[...path.matchAll(/:(\w+)/g)].map((match) => ({
      in: 'path',
      name: match[1],
      required: true,
      schema: { type: 'string' },
    })),
    ...(query === undefined ? [] : parametersOf('query', query)),
    ...(headers === undefined ? [] : parametersOf('header', headers)),
  ];
  return {
    operationId: `${method}${path.replaceAll(/[/:.\-_]+(\w)/g, (_whole, first: string) => first.toUpperCase())}`,
    summary,
    'x-scope': scope,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: requestBodyOf(body) }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, responseOf(answer)])),
      default: { $ref: '#/components/responses/Problem' },
    },
  };
}

function requestBodyOf(body: NonNullable<Operation['body']>): object {
  if (body.kind === 'json')
    return {
      required: body.optional !== true,
      content: { 'application/json': { schema: schemaOf(body.schema, 'input') } },
    };
  if (body.kind === 'bytes')
    return { required: true, content: Object.fromEntries(body.types.map((type) => [type, {}])) };
  const scenario = { schema: { $ref: '/api/v1/schemas/scenario.json' } };
  return { required: true, content: { 'application/json': scenario, 'application/yaml': scenario } };
}

function responseOf({ description, content }: Answer): object {
  if (content === undefined) return { description };
  const types = Object.entries(content).map(([type, schema]) => [
    type,
    schema === null ? {} : { schema: schemaOf(schema, 'output') },
  ]);
  return { description, content: Object.fromEntries(types) as object };
}

function parametersOf(where: 'query' | 'header', schema: z.ZodType): readonly object[] {
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Readonly<Record<string, { description?: string }>>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    in: where,
    name,
    ...(required.includes(name) ? { required: true } : {}),
    ...(description === undefined ? {} : { description }),
    schema,
  }));
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output' = 'output'): object {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
