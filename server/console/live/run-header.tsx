import { Anchor, Group, Progress, Title } from '@mantine/core';
import { Link } from 'wouter';
import type { RunSummary } from '../../events.ts';
import { progressOf, stateText } from '../runs/run-state.ts';
import { StateBadge } from '../runs/state-badge.tsx';
import type { Connection } from '../wire/connection.ts';
import { Controls } from './controls.tsx';
import { formatCount } from './format.ts';
import type { StreamStatus } from './run-stream.ts';

const said: Readonly<Record<Connection, string>> = {
  connected: 'connected',
  connecting: 'connecting …',
  lost: 'connection lost, reconnecting …',
  draining: 'server is stopping, waiting for it …',
  refused: 'refused by the server',
};

/** Name, state, progress and controls of a run, and how its stream is doing. */
export function RunHeader({
  run,
  status,
  connection,
  pace,
  time,
}: {
  readonly run: RunSummary;
  readonly status: StreamStatus;
  readonly connection: Connection;
  readonly pace: number | null;
  readonly time: string;
}) {
  const share = progressOf({ ...run, headStep: Math.max(run.headStep, status.step) });
  const percent = Math.floor(100 * share);
  return (
    <header className="run-header">
      <Group justify="space-between" gap="md" wrap="wrap">
        <div>
          <Group gap="sm">
            <Title order={1}>{run.name}</Title>
            <StateBadge run={run} />
          </Group>
          <p className="hint">
            <Anchor component={Link} href="/" inherit underline="always">
              Runs
            </Anchor>
            {' / '}
            {[run.policy, ...run.modules].join(' + ')} on {run.dataset}, {run.buildings.join(', ')} ·{' '}
            {run.attacks.join(', ')} · seed {run.seed} ·{' '}
            <Anchor component={Link} href={`/launch?from=${run.id}`} inherit underline="always">
              launch a variant
            </Anchor>
            {' · '}
            <Anchor component={Link} href={`/runs/${run.id}/stealth`} inherit underline="always">
              perturbation and stealth
            </Anchor>
          </p>
        </div>
        <Controls run={run} pace={pace} />
      </Group>
      <Progress
        value={100 * share}
        size="sm"
        mt="xs"
        aria-label={`${run.preparing === null ? 'Progress' : stateText(run)}: ${percent} %`}
      />
      <dl className="facts" aria-label="Stream">
        {run.preparing === null ? (
          <Fact name="step" value={`${formatCount(status.step)} of ${formatCount(run.totalSteps)} (${percent} %)`} />
        ) : (
          <Fact name={stateText(run)} value={`${percent} %`} testId="preparing" />
        )}
        <Fact name="simulated time" value={time} />
        <Fact name="pace" value={status.stepsPerSecond > 0 ? `${formatCount(status.stepsPerSecond)} steps/s` : '–'} />
        <Fact name="rows" value={formatCount(status.rows)} testId="rows" />
        <Fact
          name="stream"
          value={`${formatCount(status.frames)} frames, ${status.gaps} ${status.gaps === 1 ? 'gap' : 'gaps'}`}
          testId="stream"
        />
        <Fact name="connection" value={said[connection]} testId="connection" />
      </dl>
    </header>
  );
}

function Fact({ name, value, testId }: { readonly name: string; readonly value: string; readonly testId?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-testid={testId}>{value}</dd>
    </div>
  );
}
