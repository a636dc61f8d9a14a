import type { TelemetrySchema } from './telemetry.ts';

/** A lane by its parts: `Building_1/bifurcation` is building `Building_1` under attack `bifurcation`. */
export interface Lane {
  readonly name: string;
  readonly building: string;
  readonly attack: string;
}

export const cleanLabel = 'clean';

/** The lane of the network with the clean twins, or those under an attack, on it. */
export function networkLane(label: string): string {
  return `grid/${label}`;
}

/** The buildings' lanes of a schema, in its order. A label holds no `/`, a building may. */
export function lanesOf(schema: TelemetrySchema): readonly Lane[] {
  const names = new Set<string>();
  const ofNetwork = (lane: string): boolean => schema.grid !== undefined && lane.startsWith(networkLane(''));
  for (const { lane } of schema.channels) if (lane !== undefined && !ofNetwork(lane)) names.add(lane);
  return [...names].map((name) => {
    const cut = name.lastIndexOf('/');
    return { name, building: name.slice(0, Math.max(0, cut)), attack: name.slice(cut + 1) };
  });
}

/** Unit of each signal of a lane. */
export function signalsOf(schema: TelemetrySchema, lane: string): ReadonlyMap<string, string> {
  const units = new Map<string, string>();
  for (const channel of schema.channels)
    if (channel.lane === lane && channel.signal !== undefined) units.set(channel.signal, channel.unit);
  return units;
}
