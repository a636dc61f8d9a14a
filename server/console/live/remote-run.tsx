import { Alert, Group, Title } from '@mantine/core';
import type { RunResult } from '../../../core/run.ts';
import type { RunSummary } from '../../events.ts';
import { isOver } from '../runs/run-state.ts';
import { Downloads } from './downloads.tsx';
import { LaneTable } from './lane-table.tsx';

/** A run that a worker elsewhere does, or of which none was handed in: its result, without a telemetry to draw. */
export function RemoteRun({ run, result }: { readonly run: RunSummary; readonly result: RunResult | null }) {
  const who = run.worker === null ? 'A worker' : `Worker ${run.worker}`;
  const over = isOver(run.state);
  return (
    <>
      <Alert
        variant="outline"
        title={over ? 'No frames of this run are here' : 'No frames yet: this run is not done on this server'}
        role="note"
      >
        {over
          ? `${who} did it over the Redis, and handed in no frames.`
          : run.worker === null
            ? 'It waits in the Redis for a worker. Its state and progress are told here, its frames and its result come when it is done.'
            : `${who} does it. Its state and progress are told here, its frames and its result come when it is done.`}{' '}
        Launched by itself, the same scenario is done by this server and streams every frame as it goes.
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
