import { z } from 'zod';
import { ConfigError, UnknownNameError } from '../../core/errors.ts';
import { lanesOf, networkLane } from '../../core/lane.ts';
import { isTracked, laneTracks, networkTracks } from '../../core/run-tracks.ts';
import type { RowValues } from '../../core/run-tracks.ts';
import type { TelemetrySchema } from '../../core/telemetry.ts';
import type { Track } from '../../core/track.ts';
import { NotFoundError } from '../problem.ts';
import type { Store } from '../store.ts';
import { recordedChannels } from '../telemetry-table.ts';
import { json, operation } from './operation.ts';
import type { Operation } from './operation.ts';

/** Values that are looked at for one answer. */
const maxValues = 40_000_000;

const query = z.strictObject({
  lane: z
    .string()
    .max(200)
    .optional()
    .describe('`<building>/<attack>`, or `grid/<attack>` of a network; all when absent.'),
  kind: z.string().max(60).optional().describe('One kind alone.'),
  from: z.coerce.number().int().min(0).default(0).describe('First step.'),
  to: z.coerce.number().int().min(0).default(Number.MAX_SAFE_INTEGER).describe('Last step.'),
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
});
const answer = z.strictObject({
  events: z.array(
    z.strictObject({
      lane: z.string().nullable().describe('Null of a note: it is of the run.'),
      kind: z
        .string()
        .describe('attack, score, saturated, voltage, overloads, blackout, relays, trips, empty, full …, note'),
      about: z.string().nullable().describe('Of an alarm its detector, of an action its name, of a note its id.'),
      label: z.string().describe('Of a note what it says.'),
      from: z.int().describe('First step.'),
      to: z.int().describe('Last step so far.'),
      ended: z.boolean().describe('False: it goes on with the run.'),
    }),
  ),
  of: z.int().describe('Events there are between `from` and `to`; more than the limit are left out.'),
});

type Event = z.infer<typeof answer>['events'][number];

/** What happened in a run, lane by lane, and what people say of it: the event lane of the console. */
export function runEventsOperation(store: Store): Operation {
  return operation({
    method: 'get',
    path: '/runs/:id/events',
    scope: 'read',
    summary:
      'What happened: attacked steps, alarms, actions at their bounds, voltages, relays, notes; of a run that goes on, so far.',
    query,
    answers: { 200: { description: 'By their first step.', content: json(answer) } },
    async handle({ param, query: { lane, kind, from, to, limit } }): Promise<z.infer<typeof answer>> {
      const id = param('id');
      store.summary(id);
      const found = kind === 'note' ? [] : await happened(store, id, lane, kind, from, to);
      if (lane === undefined && (kind ?? 'note') === 'note') found.push(...noted(store, id, from, to));
      found.sort((a, b) => a.from - b.from);
      return { events: found.slice(0, limit), of: found.length };
    },
  });
}

/** @throws {NotFoundError} for a run without telemetry */
async function happened(
  store: Store,
  id: string,
  lane: string | undefined,
  kind: string | undefined,
  from: number,
  to: number,
): Promise<Event[]> {
  const { schema, result, endedAt } = store.detail(id);
  if (schema === null) throw new NotFoundError(`run '${id}' has no telemetry yet`);
  using _frames = await store.open(id);
  const { rows, values } = await valuesOf(store, id, schema, lane);
  return tracksOf(schema, values, result, lane).flatMap(({ lane: whose, track }) => {
    const [own = '', ...about] = track.id.split('.');
    if (kind !== undefined && kind !== own) return [];
    return track
      .scan(rows)
      .within(from, Math.min(to, rows) + 1)
      .map((span) => ({
        lane: whose,
        kind: own,
        about: about.length === 0 ? null : about.join('.'),
        label: track.label,
        from: span.from,
        to: span.to - 1,
        ended: span.to < rows || endedAt !== null,
      }));
  });
}

function noted(store: Store, id: string, from: number, to: number): readonly Event[] {
  return store.notes
    .list(id)
    .filter(({ step }) => step >= from && step <= to)
    .map(({ id: note, step, text }) => ({
      lane: null,
      kind: 'note',
      about: String(note),
      label: text,
      from: step,
      to: step,
      ended: true,
    }));
}

/** The tracks of every lane, or of one. @throws {UnknownNameError} for a lane that the run does not have */
function tracksOf(
  schema: TelemetrySchema,
  values: RowValues,
  result: Parameters<typeof laneTracks>[3],
  only: string | undefined,
): readonly { readonly lane: string; readonly track: Track }[] {
  const lanes = lanesOf(schema);
  const networks = [...new Set(lanes.map(({ attack }) => attack))].filter((attack) =>
    schema.channels.some(({ lane }) => lane === networkLane(attack)),
  );
  const sources = [
    ...lanes.map((lane) => ({ lane: lane.name, tracks: () => laneTracks(schema, values, lane, result) })),
    ...networks.map((attack) => ({
      lane: networkLane(attack),
      tracks: () => networkTracks(schema, values, attack, result),
    })),
  ];
  const chosen = only === undefined ? sources : sources.filter(({ lane }) => lane === only);
  if (chosen.length === 0 && only !== undefined)
    throw new UnknownNameError('lane', only, sources.map(({ lane }) => lane).slice(0, 40));
  return chosen.flatMap(({ lane, tracks }) => tracks().map((track) => ({ lane, track })));
}

async function valuesOf(
  store: Store,
  id: string,
  schema: TelemetrySchema,
  lane: string | undefined,
): Promise<{ readonly rows: number; readonly values: RowValues }> {
  const names = schema.channels
    .filter((channel) => isTracked(channel) && (lane === undefined || channel.lane === lane))
    .map(({ name }) => name);
  const { headStep } = store.summary(id);
  if (names.length * headStep > maxValues)
    throw new ConfigError(`${names.length} channels × ${headStep} rows are more than ${maxValues} values: name a lane`);
  const recorded = await recordedChannels(store, id, schema, names);
  const rows = recorded.frames[0]?.rows ?? 0;
  const at = new Map(recorded.schema.channels.map(({ name }, c) => [name, c * rows]));
  const value = (channel: string, row: number): number => {
    const first = at.get(channel);
    return first === undefined ? Number.NaN : recorded.frames[0]!.values[first + row]!;
  };
  return { rows, values: { value } };
}
