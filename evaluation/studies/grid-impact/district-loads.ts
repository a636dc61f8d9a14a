import type { TelemetryFrame, TelemetrySchema } from '../../../core/telemetry.ts';
import { column } from '../bifurcation/stealth.ts';

/** kWh in each step, [buildings][steps], by `clean` and the attacks' labels: what each building takes, and of it its battery. */
export interface DistrictLoads {
  readonly net: Readonly<Record<string, readonly (readonly number[])[]>>;
  readonly battery: Readonly<Record<string, readonly (readonly number[])[]>>;
}

/** Yields once and returns what a run's telemetry says of the buildings' loads. The battery is what an attack can change: net less what the house takes without it. */
export function* districtLoads(
  buildings: readonly string[],
  labels: readonly string[],
  schema: TelemetrySchema,
  frames: readonly TelemetryFrame[],
): Generator<number, DistrictLoads, void> {
  const values = (name: string): number[] => {
    const channel = schema.channels.findIndex((each) => each.name === name);
    if (channel < 0) throw new Error(`no channel ${name}`);
    return [...column(channel, frames)];
  };
  const net: Record<string, number[][]> = {};
  const battery: Record<string, number[][]> = {};
  const idle = buildings.map((building) => values(`${building}/clean/net_without_storage`));
  for (const label of ['clean', ...labels]) {
    net[label] = buildings.map((building) => values(`${building}/${label}/net`));
    battery[label] = net[label].map((of, b) => of.map((kWh, t) => kWh - idle[b]![t]!));
    yield Object.keys(net).length / (labels.length + 1);
  }
  return { net, battery };
}
