import type { TelemetrySchema } from '../core/telemetry.ts';
import { sketchPoints } from './run-figures.ts';
import type { Warehouse } from './warehouse.ts';

/** Most channels read for the sketches of one run. */
const maxChannels = 256;

/**
 * How the metrics of a run went, where its telemetry has a signal of them (`kpi.<name>`, `regret.<name>`): the mean over the lanes under
 * attack, or over all where none is, of each of {@link sketchPoints} equal parts of the run.
 */
export async function sketchesOf(
  warehouse: Warehouse,
  id: string,
  { channels }: TelemetrySchema,
  steps: number,
): Promise<Readonly<Record<string, readonly (number | null)[]>>> {
  const attacked = new Set(channels.filter(({ signal }) => signal?.startsWith('regret.')).map(({ lane }) => lane));
  const drawn = channels
    .filter(({ signal, lane }) => /^(?:kpi|regret)\./.test(signal ?? '') && (attacked.size === 0 || attacked.has(lane)))
    .slice(0, maxChannels);
  if (drawn.length === 0 || steps === 0) return {};
  const names = drawn.map(({ name }) => name);
  const means = await warehouse.buckets(id, names, steps, sketchPoints);
  const metrics = new Map<string, number[]>();
  drawn.forEach(({ signal }, at) => {
    const metric = signal!.replace(/^kpi\./, '');
    metrics.set(metric, [...(metrics.get(metric) ?? []), at]);
  });
  return Object.fromEntries(
    [...metrics].map(([metric, columns]) => [
      metric,
      Array.from({ length: means[0]!.length }, (_, bucket) => meanOf(columns.map((at) => means[at]![bucket]!))),
    ]),
  );
}

function meanOf(all: readonly (number | null)[]): number | null {
  const values = all.filter((value) => value !== null);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
