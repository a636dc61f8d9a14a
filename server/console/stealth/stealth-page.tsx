import { Anchor, Group, SegmentedControl, Title } from '@mantine/core';
import { Suspense, lazy, useCallback, useEffect, useMemo, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import type { TelemetrySchema } from '../../../core/telemetry.ts';
import { Chart } from '../live/chart.tsx';
import type { Columns } from '../live/columns.ts';
import type { Lane } from '../../../core/lane.ts';
import { ChartSkeletons } from '../live/live-skeleton.tsx';
import type { OpenRun } from '../live/run-gate.tsx';
import { RunGate } from '../live/run-gate.tsx';
import { simClock } from '../live/sim-time.ts';
import { requestDraw } from '../live/ticker.ts';
import { attackTrack } from '../../../core/run-tracks.ts';
import { Transport } from '../live/transport.tsx';
import { useLiveKeys } from '../live/use-live-keys.ts';
import { usePair } from '../live/use-pair.ts';
import { ViewBar, spanOf, windowOf } from '../live/view-bar.tsx';
import { ViewStore } from '../live/view.ts';
import { worldOf } from '../live/world.ts';
import { isOver } from '../runs/run-state.ts';
import { StateBadge } from '../runs/state-badge.tsx';
import { DetectorTable } from './detector-table.tsx';
import { FeatureTable } from './feature-table.tsx';
import { HeatMap } from './heat-map.tsx';
import { movedFeatures, toldFeatures } from './perturbation.ts';
import { stealthPanels } from './stealth-panels.ts';
import { useRowsSlowly } from './use-rows-slowly.ts';
import { postsOf, watchingOf } from './watching.ts';

const RocChart = lazy(async () => ({ default: (await import('./roc-chart.tsx')).RocChart }));

/** What an attack does to what the controller sees, and who notices. */
export function StealthPage({ id }: { readonly id: string }) {
  return (
    <RunGate id={id} what="Perturbation of ">
      {(open) => <Stealth key={id} {...open} />}
    </RunGate>
  );
}

function Stealth({ run, detail, stream, status }: OpenRun) {
  const { columns } = stream;
  const { schema } = status;
  const [search, setSearch] = useSearchParams();
  const dt = schema?.dt ?? 3600;
  const window = windowOf(search.get('window') ?? 'all', dt, run.totalSteps);
  const view = useMemo(() => new ViewStore(spanOf(window, dt), requestDraw), []);
  useEffect(() => view.widen(spanOf(window, dt)), [view, window, dt]);
  useLiveKeys(view, columns);
  const clock = useCallback(() => simClock(columns, dt), [columns, dt]);
  const choose = (change: Readonly<Record<string, string>>): void =>
    setSearch((now) => new URLSearchParams([...new Map([...now, ...Object.entries(change)])]), { replace: true });
  const { lanes, building, attack, pair } = usePair(schema, search);
  const { attacked } = pair;
  const shade = useMemo(
    () => (attacked === undefined ? undefined : attackTrack(columns, attacked)),
    [columns, attacked],
  );
  const result = detail?.result ?? null;
  const posts = useMemo(() => (schema === null ? [] : postsOf(schema, pair, result)), [schema, pair, result]);
  const rows = useRowsSlowly(columns, status.rows);
  const back = new URLSearchParams([...search].filter(([name]) => name === 'building' || name === 'attack')).toString();

  return (
    <>
      <header className="run-header">
        <Group gap="sm">
          <Title order={1}>Perturbation and stealth</Title>
          <StateBadge run={run} />
        </Group>
        <p className="hint">
          <Anchor component={Link} href="/" inherit underline="always">
            Runs
          </Anchor>
          {' / '}
          <Anchor component={Link} href={`/runs/${run.id}${back === '' ? '' : `?${back}`}`} inherit underline="always">
            {run.name}
          </Anchor>{' '}
          · what the attack does to what the controller sees, and who notices
        </p>
      </header>
      {schema === null || attacked === undefined ? (
        <Waiting run={run} />
      ) : (
        <>
          <ViewBar
            lanes={lanes}
            building={building}
            attack={attack}
            site={worldOf(detail?.scenario).site}
            window={window}
            choose={choose}
          >
            <Transport
              view={view}
              columns={columns}
              rows={status.rows}
              clock={clock()}
              over={isOver(run.state) && status.complete}
            />
          </ViewBar>
          <section className="panel" aria-labelledby="detectors">
            <Title order={2} id="detectors">
              Detectors against {attack}
            </Title>
            {posts.length === 0 ? (
              <p className="hint">
                Nobody watches this run: its scenario has no detectors.{' '}
                <Anchor component={Link} href={`/launch?from=${run.id}`} inherit underline="always">
                  Launch a variant
                </Anchor>{' '}
                with some to see what they notice.
              </p>
            ) : (
              <Detection
                posts={posts}
                pair={pair}
                schema={schema}
                columns={columns}
                rows={rows}
                totalSteps={run.totalSteps}
                result={result}
              />
            )}
          </section>
          <Perturbation lane={attacked} schema={schema} columns={columns} view={view} clock={clock} rows={rows} />
          <div className="charts network-charts">
            {stealthPanels(schema, pair, posts).map((panel) => (
              <Chart key={panel.id} panel={panel} columns={columns} view={view} clock={clock} shade={shade} />
            ))}
          </div>
        </>
      )}
    </>
  );
}

interface DetectionProps {
  readonly posts: ReturnType<typeof postsOf>;
  readonly pair: Parameters<typeof postsOf>[1];
  readonly schema: TelemetrySchema;
  readonly columns: Columns;
  readonly rows: number;
  readonly totalSteps: number;
  readonly result: Parameters<typeof postsOf>[2];
}

function Detection({ posts, pair, schema, columns, rows, totalSteps, result }: DetectionProps) {
  const [samples, setSamples] = useState<'steps' | 'days'>('steps');
  const watching = useMemo(
    () => watchingOf(posts, columns, pair, schema, totalSteps),
    // Rows come without the columns being others.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
    [posts, columns, pair, schema, totalSteps, rows],
  );
  const curves = useMemo(
    () =>
      watching.map(({ label, stealth, falseAlarms, steps, days }) => ({
        label,
        roc: samples === 'steps' ? steps : days,
        at:
          samples === 'days' || Number.isNaN(stealth + falseAlarms)
            ? undefined
            : { falsePositive: falseAlarms, truePositive: 1 - stealth },
      })),
    [watching, samples],
  );
  return (
    <div className="detection">
      <DetectorTable watching={watching} rows={rows} pair={pair} result={result} />
      <div>
        <SegmentedControl
          size="xs"
          aria-label="What is counted"
          data={[
            { value: 'steps', label: 'Steps' },
            { value: 'days', label: 'Days' },
          ]}
          value={samples}
          onChange={(value) => setSamples(value as 'steps')}
        />
        <Suspense fallback={null}>
          <RocChart curves={curves} samples={samples} />
        </Suspense>
      </div>
    </div>
  );
}

function Perturbation({
  lane,
  schema,
  columns,
  view,
  clock,
  rows,
}: {
  readonly lane: Lane;
  readonly schema: TelemetrySchema;
  readonly columns: Columns;
  readonly view: ViewStore;
  readonly clock: () => ReturnType<typeof simClock>;
  readonly rows: number;
}) {
  const [listed, setListed] = useState(false);
  const features = useMemo(() => toldFeatures(schema, lane), [schema, lane]);
  const budget = schema.channels.find(({ name }) => name === `${lane.name}/linf`)?.limit;
  return (
    <section className="panel" aria-labelledby="heat">
      <Title order={2} id="heat">
        Perturbation of each feature
      </Title>
      {features.length === 0 ? (
        <p className="hint">Of a panel this large, features are recorded for the first building only.</p>
      ) : (
        <>
          <HeatMap features={features} budget={budget} columns={columns} view={view} clock={clock} />
          <p className="hint">
            Orange: reported above what is true; purple: below. The strongest colour is{' '}
            {budget === undefined
              ? 'the largest change there is'
              : `the attack’s epsilon, ${(100 * budget).toFixed(1)} % of the feature’s range`}
            .
          </p>
          <details onToggle={(event) => setListed(event.currentTarget.open)}>
            <summary>As a table</summary>
            {listed && (
              <FeatureTable
                moved={movedFeatures(columns, features, 0, rows)}
                clock={clock()}
                show={(row) => view.pinAt(row, columns.rows)}
              />
            )}
          </details>
        </>
      )}
    </section>
  );
}

function Waiting({ run }: Pick<OpenRun, 'run'>) {
  if (run.executor === 'redis' && !isOver(run.state))
    return <p className="hint">A worker elsewhere does this run: what it records comes when it is done.</p>;
  if (isOver(run.state)) return <p className="hint">Nothing that this run recorded is here.</p>;
  return (
    <>
      <p className="hint" role="status">
        The run has not begun yet.
      </p>
      <ChartSkeletons />
    </>
  );
}
