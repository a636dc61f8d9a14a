import { Alert, Group, Title } from '@mantine/core';
import type { RunResult } from '../../../core/run.ts';
import type { RunSummary } from '../../events.ts';
import { isOver } from '../runs/run-state.ts';
import { Downloads } from './downloads.tsx';
import { LaneTable } from './lane-table.tsx';

/** A run that a worker elsewhere does, or did: its result, without a telemetry to draw. */
export function RemoteRun({ run, result }: { readonly run: RunSummary; readonly result: RunResult | null }) {
  const who = run.worker === null ? 'A worker' : `Worker ${run.worker}`;
  const over = isOver(run.state);
  return (
    <>
      <Alert variant="outline" title="No frames: this run is not done on this server" role="note">
        {over
          ? `${who} did it over the Redis; such a run tells its state, its progress and its result, and records no telemetry.`
          : run.worker === null
            ? 'It waits in the Redis for a worker. Its state, its progress and in the end its result are told here; charts there will be none.'
            : `${who} does it. Its state, its progress and in the end its result are told here; charts there will be none.`}{' '}
        Launched by itself, the same scenario is done by this server and streams every frame.
      </Alert>
      {result !== null && (
        <section className="panel" aria-labelledby="lanes">
          <Group justify="space-between">
            <Title order={2} id="lanes">
              All attacked lanes
            </Title>
            <Downloads id={run.id} result={result} recorded={false} />
          </Group>
          <LaneTable result={result} />
        </section>
      )}
    </>
  );
}
