import { Title, useComputedColorScheme } from '@mantine/core';
import type { RunResult } from '../../../core/run.ts';
import type { TelemetrySchema } from '../../../core/telemetry.ts';
import { Chart } from './chart.tsx';
import type { Columns } from './columns.ts';
import { GridTable } from './grid-table.tsx';
import { cleanLabel, networkLane, signalsOf } from './lanes.ts';
import { OneLine } from './one-line.tsx';
import { networkPanels } from './panels.ts';
import type { SimClock } from './sim-time.ts';
import type { ViewStore } from './view.ts';
import { voltageColour } from './voltage-colour.ts';

export interface NetworkViewProps {
  readonly schema: TelemetrySchema;
  readonly attack: string;
  readonly columns: Columns;
  readonly view: ViewStore;
  readonly clock: () => SimClock;
  readonly result: RunResult | null;
}

/** What the district does to its network: one-line diagrams, charts, and the KPIs when the run is over. Nothing for a run without one. */
export function NetworkView({ schema, attack, columns, view, clock, result }: NetworkViewProps) {
  const { grid } = schema;
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
          <OneLine key={lane} grid={grid} lane={lane} label={label} columns={columns} view={view} clock={clock} />
        ))}
        {result?.grid !== undefined && <GridTable grid={result.grid} attack={attack} />}
      </section>
      <div className="charts network-charts">
        {networkPanels(schema, attack).map((panel) => (
          <Chart key={panel.id} panel={panel} columns={columns} view={view} clock={clock} />
        ))}
      </div>
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
