import { Alert, Button, Group, NativeSelect, Title } from '@mantine/core';
import { useCallback, useEffect, useMemo } from 'react';
import { useSearchParams } from 'wouter';
import type { RunResult } from '../../../core/run.ts';
import type { TelemetrySchema } from '../../../core/telemetry.ts';
import type { RunSummary } from '../../events.ts';
import { isOver, stateText } from '../runs/run-state.ts';
import { ProblemError } from '../wire/api.ts';
import { ErrorNote } from '../wire/error-note.tsx';
import { Chart } from './chart.tsx';
import type { Columns } from './columns.ts';
import { Downloads } from './downloads.tsx';
import { Events } from './events.tsx';
import { KpiTable } from './kpi-table.tsx';
import { LaneTable } from './lane-table.tsx';
import type { Lane } from '../../../core/lane.ts';
import { formatCount } from './format.ts';
import { ChartSkeletons } from './live-skeleton.tsx';
import { ModuleTable } from './module-table.tsx';
import { NetworkView } from './network-view.tsx';
import { featuresOf, panelsOf, successChannel } from './panels.ts';
import { RemoteRun } from './remote-run.tsx';
import type { OpenRun } from './run-gate.tsx';
import { RunGate } from './run-gate.tsx';
import type { StreamMode } from './run-stream.ts';
import { RunHeader } from './run-header.tsx';
import { RunLabels } from './run-labels.tsx';
import { simClock, simTime } from './sim-time.ts';
import { requestDraw } from './ticker.ts';
import { laneTracks, networkTracks } from '../../../core/run-tracks.ts';
import { Transport } from './transport.tsx';
import { useLiveKeys } from './use-live-keys.ts';
import { pick, usePair } from './use-pair.ts';
import { ViewBar, spanOf, windowOf } from './view-bar.tsx';
import { ViewStore } from './view.ts';
import { worldOf } from './world.ts';

const firstFeature = 'electricity_pricing';

/** A run, live or from the store: what happens in it, drawn as it comes. */
export function LivePage({ id }: { readonly id: string }) {
  const [search] = useSearchParams();
  return (
    <RunGate id={id} mode={modeOf(search)}>
      {(open) => <Live key={id} {...open} />}
    </RunGate>
  );
}

const modeOf = (search: URLSearchParams): StreamMode => (search.get('stream') === 'live' ? 'live' : 'all');

function Live({ run, detail, stream, status, connection }: OpenRun) {
  const { columns } = stream;
  const { schema } = status;
  const [search, setSearch] = useSearchParams();
  const dt = schema?.dt ?? 3600;
  const window = windowOf(search.get('window'), dt, run.totalSteps);
  const showing = search.get('show') === 'difference' ? 'difference' : 'values';
  const view = useMemo(() => new ViewStore(spanOf(window, dt), requestDraw), []);
  useEffect(() => view.widen(spanOf(window, dt)), [view, window, dt]);
  useLiveKeys(view, columns);
  const clock = useCallback(() => simClock(columns, dt), [columns, dt]);
  const choose = (change: Readonly<Record<string, string>>): void =>
    setSearch((now) => new URLSearchParams([...new Map([...now, ...Object.entries(change)])]), { replace: true });

  const { lanes, building, attack, pair } = usePair(schema, search);
  const features = schema === null ? [] : featuresOf(schema, pair.attacked);
  const names = features.map((feature) => feature.name);
  const feature = pick(search.get('feature'), names.includes(firstFeature) ? [firstFeature, ...names] : names);
  const panels = schema === null ? [] : panelsOf(schema, pair, feature === '' ? null : feature, showing);
  const result = detail?.result ?? null;
  const world = worldOf(detail?.scenario);
  const attackedLane = pair.attacked;
  const tracks = useMemo(
    () =>
      schema === null || attackedLane === undefined
        ? []
        : [
            ...laneTracks(schema, columns, attackedLane, result),
            ...networkTracks(schema, columns, attackedLane.attack, result),
          ],
    [schema, columns, attackedLane, result],
  );
  const shade = tracks.find(({ id }) => id === 'attack');
  const time = status.rows === 0 ? '–' : simTime(status.rows - 1, clock());

  return (
    <>
      <RunHeader
        run={run}
        status={status}
        connection={connection}
        pace={detail?.scenario.live.stepsPerSecond ?? null}
        time={time}
      />
      {detail !== undefined && <RunLabels key={run.id} run={detail} />}
      {run.error !== null && (
        <Alert
          color="red"
          variant="outline"
          title={run.state === 'done' ? 'Not all of it is here' : 'The run failed'}
          role="alert"
        >
          {run.error}
        </Alert>
      )}
      {status.problem !== null && <ErrorNote error={new ProblemError(status.problem)} />}
      {status.leftOut > 0 && <LeftOut rows={status.leftOut} fetchAll={() => choose({ stream: 'all' })} />}
      {schema === null && run.executor === 'redis' ? (
        <RemoteRun run={run} result={result} />
      ) : schema === null ? (
        <Waiting run={run} />
      ) : (
        <>
          <ViewBar
            lanes={lanes}
            building={building}
            attack={attack}
            site={world.site}
            window={window}
            showing={showing}
            choose={choose}
          >
            {(!isOver(run.state) || modeOf(search) === 'live') && (
              <NativeSelect
                size="xs"
                aria-label="What comes"
                value={modeOf(search)}
                onChange={(event) => choose({ stream: event.currentTarget.value })}
                data={[
                  { value: 'all', label: 'every row' },
                  { value: 'live', label: 'newest first' },
                ]}
              />
            )}
            <Transport
              view={view}
              columns={columns}
              rows={status.rows}
              clock={clock()}
              over={isOver(run.state) && status.complete}
            />
          </ViewBar>
          <Events
            runId={run.id}
            notes={status.notes}
            schema={schema}
            columns={columns}
            lane={attackedLane}
            tracks={tracks}
            view={view}
            clock={clock}
            rows={status.rows}
            where={search.get('where') ?? ''}
            choose={(where) => choose({ where })}
          />
          <div className="charts">
            {panels.map((panel) => (
              <Chart key={panel.id} panel={panel} columns={columns} view={view} clock={clock} shade={shade}>
                {panel.id === 'feature' && (
                  <NativeSelect
                    size="xs"
                    aria-label="Feature"
                    w={200}
                    value={feature}
                    onChange={(event) => choose({ feature: event.currentTarget.value })}
                    data={features.map(({ name, unit }) => ({
                      value: name,
                      label: unit === '1' ? name : `${name} [${unit}]`,
                    }))}
                  />
                )}
              </Chart>
            ))}
            <section className="panel wide" aria-labelledby="kpis">
              <Group justify="space-between">
                <Title order={2} id="kpis">
                  KPIs of {building} under {attack}
                </Title>
                <Downloads id={run.id} result={result} />
              </Group>
              {judged(schema, attackedLane, result) && (
                <ChangedDecisions columns={columns} lane={attackedLane} over={result !== null} />
              )}
              <KpiTable pair={pair} columns={columns} schema={schema} result={result} caption={world.kpis} />
            </section>
          </div>
          <NetworkView
            schema={schema}
            attack={attack}
            showing={showing}
            columns={columns}
            view={view}
            clock={clock}
            result={result}
          />
          {result?.modules !== undefined && (
            <section className="panel" aria-labelledby="modules">
              <Title order={2} id="modules">
                Modules around the policy
              </Title>
              <ModuleTable modules={result.modules} />
            </section>
          )}
          {result !== null && (
            <section className="panel" aria-labelledby="lanes">
              <Title order={2} id="lanes">
                All attacked lanes
              </Title>
              <LaneTable result={result} />
            </section>
          )}
        </>
      )}
    </>
  );
}

/** Says what bands are, and how to be rid of them. */
function LeftOut({ rows, fetchAll }: { readonly rows: number; readonly fetchAll: () => void }) {
  return (
    <Group gap="sm" role="status" className="hint">
      {formatCount(rows)} {rows === 1 ? 'row was' : 'rows were'} left out to keep up with the run: charts have the least
      and greatest of them as bands, events and means are of the other rows.
      <Button size="compact-xs" variant="default" onClick={fetchAll}>
        Fetch every row
      </Button>
    </Group>
  );
}

/** Whether anything can be said of the decisions that an attack changed: of a rule, or of a controller elsewhere, it cannot. */
function judged(schema: TelemetrySchema, lane: Lane | undefined, result: RunResult | null): boolean {
  if (lane === undefined) return false;
  const own = result?.lanes.find((one) => one.lane === lane.name);
  if (own !== undefined) return own.success !== undefined;
  return schema.channels.some(({ lane: whose, signal = '' }) => whose === lane.name && /^intended\b/.test(signal));
}

function ChangedDecisions({
  columns,
  lane,
  over,
}: {
  readonly columns: Columns;
  readonly lane: Lane | undefined;
  readonly over: boolean;
}) {
  const share = lane === undefined ? Number.NaN : columns.mean(successChannel(lane));
  if (Number.isNaN(share)) return null;
  return (
    <p className="hint">
      The attack changed {(100 * share).toFixed(1)} % of the decisions{over ? '' : ' so far'}.
    </p>
  );
}

function Waiting({ run }: { readonly run: RunSummary }) {
  if (isOver(run.state)) return <p className="hint">This run ended before its first step: nothing was recorded.</p>;
  return (
    <>
      <p className="hint" role="status">
        {waitingFor(run)}
      </p>
      <ChartSkeletons />
    </>
  );
}

function waitingFor(run: RunSummary): string {
  if (run.preparing !== null) return `The run is ${stateText(run)} before its first step.`;
  return run.state === 'queued'
    ? 'The run waits for its turn, or its data and policy are being read.'
    : 'The run is starting: its first frame is on its way.';
}
