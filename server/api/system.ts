import { z } from 'zod';
import type { Metrics } from '../metrics.ts';
import { asyncApi } from './asyncapi.ts';
import { json, operation } from './operation.ts';
import type { Operation } from './operation.ts';

/** What those who run the server ask. */
export function systemOperations(metrics: Metrics, version: string): readonly Operation[] {
  return [
    operation({
      method: 'get',
      path: '/metrics',
      scope: 'read',
      summary: 'Figures for Prometheus.',
      answers: { 200: { description: 'Text format.', content: { 'text/plain': null } } },
      async handle({ response }) {
        const text = await metrics.text();
        response.setHeader('content-type', metrics.contentType);
        response.send(text);
      },
    }),
    operation({
      method: 'get',
      path: '/asyncapi.json',
      scope: 'read',
      summary: 'AsyncAPI 3.0 of the sockets.',
      answers: { 200: { description: 'The description.', content: json(z.looseObject({})) } },
      handle: () => asyncApi(version),
    }),
  ];
}
