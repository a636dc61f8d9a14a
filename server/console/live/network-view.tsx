import { Title, useComputedColorScheme } from '@mantine/core';
import { useMemo } from 'react';
import type { RunResult } from '../../../core/run.ts';
import type { TelemetrySchema } from '../../../core/telemetry.ts';
import { Chart } from './chart.tsx';
import type { Columns } from './columns.ts';
import { GridTable } from './grid-table.tsx';
import { cleanLabel, networkLane, signalsOf } from '../../../core/lane.ts';
import { OneLine } from './one-line.tsx';
import { networkPanels } from './panels.ts';
import type { Showing } from './panels.ts';
import { RelayEvents } from './relay-events.tsx';
import { relayPicture } from './relays.ts';
import type { SimClock } from './sim-time.ts';
import type { ViewStore } from './view.ts';
import { voltageColour } from './voltage-colour.ts';

export interface NetworkViewProps {
  readonly schema: TelemetrySchema;
  readonly attack: string;
  readonly showing: Showing;
  readonly columns: Columns;
  readonly view: ViewStore;
  readonly clock: () => SimClock;
  readonly result: RunResult | null;
}

/** What the district does to its network: one-line diagrams, charts, and the KPIs when the run is over. Nothing for a run without one. */
export function NetworkView({ schema, attack, showing, columns, view, clock, result }: NetworkViewProps) {
  const { grid } = schema;
  const networks = result?.grid?.networks;
  const relays = useMemo(() => {
    const cascades = (networks ?? []).flatMap(({ lane, cascade }) =>
      // Runs of some time ago have less to draw.
      grid === undefined || cascade === undefined || cascade === null || !('parts' in cascade)
        ? []
        : [[lane, { cascade, picture: relayPicture(cascade, grid) }] as const],
    );
    return new Map(cascades);
  }, [networks, grid]);
  if (grid === undefined) return null;
  const shown = [
    { lane: networkLane(cleanLabel), label: cleanLabel },
    { lane: networkLane(attack), label: attack },
  ].filter(({ lane }) => [...signalsOf(schema, lane).keys()].some((signal) => signal.startsWith('v.')));
  return (
    <>
      <section className="panel" aria-labelledby="network">
        <header className="panel-head">
          <Title order={2} id="network">
            Network {grid.name}
          </Title>
          <Scale band={grid.band} />
        </header>
        {shown.map(({ lane, label }) => (
          <OneLine
            key={lane}
            grid={grid}
            lane={lane}
            label={label}
            relays={relays.get(lane)?.picture}
            columns={columns}
            view={view}
            clock={clock}
          />
        ))}
        {shown.map(({ lane, label }) => {
          const own = relays.get(lane);
          return (
            own !== undefined && (
              <RelayEvents key={lane} label={label} {...own} view={view} columns={columns} clock={clock} />
            )
          );
        })}
      </section>
      <div className="charts network-charts">
        {networkPanels(schema, attack, showing).map((panel) => (
          <Chart key={panel.id} panel={panel} columns={columns} view={view} clock={clock} />
        ))}
      </div>
      {result?.grid !== undefined && (
        <section className="panel" aria-labelledby="network-kpis">
          <Title order={2} id="network-kpis">
            KPIs of the network under {attack}
          </Title>
          <GridTable grid={result.grid} attack={attack} />
        </section>
      )}
    </>
  );
}

/** What the colours mean. */
function Scale({ band: [low, high] }: { readonly band: readonly [number, number] }) {
  const scheme = useComputedColorScheme('light');
  const stops = [
    [low - 0.03, 'and below'],
    [low, 'limit'],
    [1, ''],
    [high, 'limit'],
    [high + 0.03, 'and above'],
  ] as const;
  return (
    <dl className="legend voltage-scale" aria-label="Colours of voltages, p.u.; outside the limits a bus has a ring">
      {stops.map(([v, what]) => (
        <div key={v}>
          <dt>
            <svg width="12" height="12" aria-hidden="true">
              <circle cx="6" cy="6" r="5" fill={voltageColour(v, [low, high], scheme)} />
            </svg>
          </dt>
          <dd>
            {v.toFixed(2)} {what}
          </dd>
        </div>
      ))}
    </dl>
  );
}
