import { Alert, Button, Group, NativeSelect, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo } from 'react';
import { Link, useSearchParams } from 'wouter';
import type { RunDetail, RunSummary } from '../../events.ts';
import { isOver, stateText } from '../runs/run-state.ts';
import { getJson, ProblemError } from '../wire/api.ts';
import { useConnection } from '../wire/connection.ts';
import { ErrorNote } from '../wire/error-note.tsx';
import { useTitle } from '../wire/use-title.ts';
import { Chart } from './chart.tsx';
import type { Columns } from './columns.ts';
import { Downloads } from './downloads.tsx';
import { KpiTable } from './kpi-table.tsx';
import { LaneTable } from './lane-table.tsx';
import { ModuleTable } from './module-table.tsx';
import { cleanLabel, lanesOf } from './lanes.ts';
import type { Lane } from './lanes.ts';
import { ChartSkeletons, LiveSkeleton } from './live-skeleton.tsx';
import { featuresOf, panelsOf, successChannel } from './panels.ts';
import { NetworkView } from './network-view.tsx';
import { RunHeader } from './run-header.tsx';
import { simClock, simTime } from './sim-time.ts';
import { useRunStream } from './use-run-stream.ts';
import { ViewBar, spanOf, windowOf } from './view-bar.tsx';
import { ViewStore } from './view.ts';

const firstFeature = 'electricity_pricing';

/** A run, live or from the store: what happens in it, drawn as it comes. */
export function LivePage({ id }: { readonly id: string }) {
  const { stream, status } = useRunStream(id);
  const connection = useConnection();
  const queries = useQueryClient();
  const detail = useQuery({
    queryKey: ['run', id],
    queryFn: ({ signal }) => getJson<RunDetail>(`/runs/${encodeURIComponent(id)}`, signal),
  });
  const run: RunSummary | undefined = status.run ?? detail.data;
  const over = run !== undefined && isOver(run.state);
  useTitle(run === undefined ? 'Run' : `${run.name} (${run.state})`);

  // The result appears when the run has ended: ask again then.
  useEffect(() => {
    if (over) void queries.invalidateQueries({ queryKey: ['run', id] });
  }, [over, id, queries]);

  if (run === undefined && detail.error instanceof ProblemError && detail.error.problem.status === 404)
    return <NoSuchRun id={id} />;
  if (run === undefined && detail.isError)
    return <ErrorNote error={detail.error} retry={() => void detail.refetch()} />;
  if (run === undefined) return <LiveSkeleton />;
  return <Live key={id} run={run} detail={detail.data} stream={stream} status={status} connection={connection} />;
}

interface LiveProps extends Pick<ReturnType<typeof useRunStream>, 'stream' | 'status'> {
  readonly run: RunSummary;
  readonly detail: RunDetail | undefined;
  readonly connection: ReturnType<typeof useConnection>;
}

function Live({ run, detail, stream, status, connection }: LiveProps) {
  const { columns } = stream;
  const { schema } = status;
  const [search, setSearch] = useSearchParams();
  const window = windowOf(search.get('window'));
  const dt = schema?.dt ?? 3600;
  const view = useMemo(() => new ViewStore(spanOf(window, dt)), []);
  useEffect(() => view.change({ span: spanOf(window, dt) }), [view, window, dt]);
  const clock = useCallback(() => simClock(columns, dt), [columns, dt]);
  const choose = (change: Readonly<Record<string, string>>): void =>
    setSearch((now) => new URLSearchParams([...new Map([...now, ...Object.entries(change)])]), { replace: true });

  const lanes = useMemo(() => (schema === null ? [] : lanesOf(schema)), [schema]);
  const building = pick(
    search.get('building'),
    lanes.map((lane) => lane.building),
  );
  const ofBuilding = lanes.filter((lane) => lane.building === building);
  const attack = pick(
    search.get('attack'),
    ofBuilding.map((lane) => lane.attack).filter((name) => name !== cleanLabel),
  );
  const pair = {
    clean: ofBuilding.find((lane) => lane.attack === cleanLabel),
    attacked: ofBuilding.find((lane) => lane.attack === attack && attack !== cleanLabel),
  };
  const features = schema === null ? [] : featuresOf(schema, pair.attacked);
  const names = features.map((feature) => feature.name);
  const feature = pick(search.get('feature'), names.includes(firstFeature) ? [firstFeature, ...names] : names);
  const panels = schema === null ? [] : panelsOf(schema, pair, feature === '' ? null : feature);
  const result = detail?.result ?? null;
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
      {run.error !== null && (
        <Alert color="red" variant="outline" title="The run failed" role="alert">
          {run.error}
        </Alert>
      )}
      {status.problem !== null && <ErrorNote error={new ProblemError(status.problem)} />}
      {schema === null ? (
        <Waiting run={run} />
      ) : (
        <>
          <ViewBar
            view={view}
            rows={status.rows}
            clock={clock()}
            lanes={lanes}
            building={building}
            attack={attack}
            window={window}
            choose={choose}
          />
          <div className="charts">
            {panels.map((panel) => (
              <Chart key={panel.id} panel={panel} columns={columns} view={view} clock={clock}>
                {panel.id === 'feature' && (
                  <NativeSelect
                    size="xs"
                    aria-label="Feature"
                    w={200}
                    value={feature}
                    onChange={(event) => choose({ feature: event.currentTarget.value })}
                    data={features.map(({ name, unit }) => ({ value: name, label: `${name} [${unit}]` }))}
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
              <ChangedDecisions columns={columns} lane={pair.attacked} over={result !== null} />
              <KpiTable pair={pair} columns={columns} schema={schema} result={result} />
            </section>
          </div>
          <NetworkView schema={schema} attack={attack} columns={columns} view={view} clock={clock} result={result} />
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

/** The wanted name when there is such a one, else the first. */
function pick(wanted: string | null, names: readonly string[]): string {
  return wanted !== null && names.includes(wanted) ? wanted : (names[0] ?? '');
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

function NoSuchRun({ id }: { readonly id: string }) {
  return (
    <section className="blank">
      <Title order={1}>There is no such run</Title>
      <p>
        This server has no run <code>{id}</code>. It may have been deleted, or belong to another store.
      </p>
      <Button component={Link} href="/">
        All runs
      </Button>
    </section>
  );
}
