import { z } from 'zod';
import { parseValueAs } from '../core/document.ts';
import type { Command } from '../core/run.ts';
import type { SubscribeRequest } from './events.ts';

const runId = z.string().regex(/^[\w-]{1,64}$/, 'a run id has letters, digits, _ and -');

const command = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('pause') }),
  z.strictObject({ type: z.literal('resume') }),
  z.strictObject({ type: z.literal('step'), steps: z.int().min(1).max(1_000_000).default(1) }),
  z.strictObject({ type: z.literal('speed'), stepsPerSecond: z.number().min(0.1).max(1e6).nullable() }),
  z.strictObject({ type: z.literal('cancel') }),
]);

const subscribe = z.strictObject({
  runId,
  from: z.int().min(0).max(0xffff_ffff).optional(),
  mode: z.enum(['all', 'live']).optional(),
  maxHz: z.number().min(0.1).max(20).optional().describe('Packets a second, in mode `live`.'),
  eventsFrom: z.int().min(0).max(0xffff_ffff).optional().describe('First number of `event`s; all when absent.'),
});

const runOnly = z.strictObject({ runId });
const runCommand = z.strictObject({ runId, command });

/** What may be asked at the sockets, by namespace and event, for AsyncAPI. */
export const requests: Readonly<Record<string, Readonly<Record<string, z.ZodType>>>> = {
  telemetry: { 'run:subscribe': subscribe, 'run:unsubscribe': runOnly, 'runs:subscribe': z.null() },
  control: {
    'run:launch': z.looseObject({}).describe('A scenario: /schemas/scenario.json.'),
    'run:command': runCommand,
  },
};

/** Everything that comes over a socket is read through one of these; what does not fit is a DocumentError with a pointer. */
export const readSubscribe = (value: unknown): SubscribeRequest =>
  parseValueAs(value, 'run:subscribe', subscribe as z.ZodType<SubscribeRequest>);
export const readRunId = (value: unknown): string => parseValueAs(value, 'message', runOnly).runId;
export const readCommand = (value: unknown): { runId: string; command: Command } =>
  parseValueAs(value, 'run:command', runCommand);
export const readBareCommand = (value: unknown): Command => parseValueAs(value, 'command', command);
