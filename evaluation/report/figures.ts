import type { RunResult } from '../../core/run.ts';
import type { TelemetryFrame, TelemetrySchema } from '../../core/telemetry.ts';
import { columnOf } from './column.ts';
import type { Figure } from './figure.ts';

/** Most points of a line. */
const most = 400;

/** The channels from which a run's figures are drawn, whether they were recorded or not. */
export function figureChannels({ lanes, grid }: RunResult): readonly string[] {
  const building = lanes[0]!.building;
  return [
    ...lanes.filter((lane) => lane.building === building).map(({ attack }) => `${building}/${attack}/net`),
    ...(grid?.networks ?? []).map(({ lane }) => `${lane}/vmin`),
  ];
}

/** The figures of a run: of its first building, and of its network where there is one. Those without a point are left out. */
export function runFigures(
  result: RunResult,
  schema: TelemetrySchema,
  frames: readonly TelemetryFrame[],
): readonly Figure[] {
  const { building } = result.lanes[0]!;
  const lanes = result.lanes
    .filter((lane) => lane.building === building)
    .map(({ attack }) => ({
      label: attack,
      net: columnOf(schema, frames, `${building}/${attack}/net`) ?? new Float32Array(0),
    }));
  const figures: Figure[] = [
    {
      name: 'load-duration',
      title: `${building}: load duration`,
      x: 'share of hours, %',
      y: 'net consumption, kWh',
      rule: { y: 0, dashed: false },
      series: lanes.map(({ label, net }) => ({ label, ...sorted(net.toSorted().toReversed()) })),
    },
    {
      name: 'average-day',
      title: `${building}: an average day`,
      x: 'hours since the run’s first, modulo a day',
      y: 'net consumption, kWh',
      rule: { y: 0, dashed: false },
      series: lanes.map(({ label, net }) => ({ label, ...averageDay(net, schema.dt) })),
    },
  ];
  if (schema.grid !== undefined && result.grid !== undefined)
    figures.push({
      name: 'lowest-voltage',
      title: `${schema.grid.name}: the lowest voltage`,
      x: 'share of steps, %',
      y: `lowest voltage of ${schema.grid.name}, p.u.`,
      rule: { y: schema.grid.band[0], dashed: true },
      series: result.grid.networks.map(({ lane, attack }) => {
        const solved = columnOf(schema, frames, `${lane}/vmin`)?.filter((v) => !Number.isNaN(v)) ?? [];
        return { label: attack, ...sorted(Float32Array.from(solved).toSorted()) };
      }),
    });
  return figures.filter(({ series }) => series.some(({ x }) => x.length > 0));
}

/** Values in order against the share of them that came before, %. */
function sorted(values: Float32Array): { readonly x: number[]; readonly y: number[] } {
  const every = Math.max(1, Math.floor(values.length / most));
  const at = Array.from({ length: Math.ceil(values.length / every) }, (_, i) => i * every);
  return { x: at.map((i) => (100 * i) / values.length), y: at.map((i) => values[i]!) };
}

/** Mean by step of the day. @param dt s */
function averageDay(values: Float32Array, dt: number): { readonly x: number[]; readonly y: number[] } {
  const perDay = Math.max(1, Math.round(86_400 / dt));
  const sum = new Float64Array(perDay);
  const count = new Float64Array(perDay);
  values.forEach((value, t) => {
    sum[t % perDay]! += value;
    count[t % perDay]!++;
  });
  const known = Array.from({ length: perDay }, (_, x) => x).filter((x) => Number.isFinite(sum[x]! / count[x]!));
  return { x: known, y: known.map((x) => sum[x]! / count[x]!) };
}
