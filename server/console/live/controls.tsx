import { Button, Group, NativeSelect, NumberInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Command } from '../../../core/run.ts';
import type { RunSummary } from '../../events.ts';
import { isOver } from '../runs/run-state.ts';
import { ErrorNote } from '../wire/error-note.tsx';
import { commandRun } from '../wire/sockets.ts';

const paces: readonly number[] = [1, 4, 24, 100, 500];
const confirmMs = 4000;

/** Pause, resume, single steps, pace and cancel of a run that is under way. */
export function Controls({ run, pace: initial }: { readonly run: RunSummary; readonly pace: number | null }) {
  const [steps, setSteps] = useState(24);
  const [pace, setPace] = useState(initial === null ? 'max' : String(initial));
  const [sure, setSure] = useState(false);
  const send = useMutation({ mutationFn: (command: Command) => commandRun(run.id, command) });
  const paused = run.state === 'paused';
  const choices = initial === null || paces.includes(initial) ? paces : [...paces, initial].sort((a, b) => a - b);

  useEffect(() => {
    if (!sure) return undefined;
    const timer = setTimeout(() => setSure(false), confirmMs);
    return () => clearTimeout(timer);
  }, [sure]);

  const takeUp = useMutation({
    mutationFn: () => commandRun(run.id, { type: 'resume' }),
    // The stream of this page has ended with the run.
    onSuccess: () => window.location.reload(),
  });

  if (run.state === 'interrupted')
    return (
      <Group gap="xs" role="group" aria-label="Run controls">
        <Button size="xs" loading={takeUp.isPending} onClick={() => takeUp.mutate()}>
          Take it up again
        </Button>
        {takeUp.error !== null && <ErrorNote error={takeUp.error} />}
      </Group>
    );
  if (isOver(run.state)) return null;
  const cancel = (
    <Button
      size="xs"
      color="red"
      variant={sure ? 'filled' : 'default'}
      onClick={() => {
        if (sure) send.mutate({ type: 'cancel' });
        setSure(!sure);
      }}
    >
      {sure ? 'Really cancel' : 'Cancel run'}
    </Button>
  );
  // A worker elsewhere does it at a pace of its own.
  if (run.executor === 'redis')
    return (
      <Group gap="xs" role="group" aria-label="Run controls">
        {cancel}
        {send.isError && <ErrorNote error={send.error} />}
      </Group>
    );
  return (
    <Group gap="xs" wrap="wrap" role="group" aria-label="Run controls">
      {paused ? (
        <Button size="xs" onClick={() => send.mutate({ type: 'resume' })}>
          Resume
        </Button>
      ) : (
        <Button
          size="xs"
          variant="default"
          disabled={run.state === 'queued' || run.state === 'preparing'}
          onClick={() => send.mutate({ type: 'pause' })}
        >
          Pause
        </Button>
      )}
      <Group gap={0} wrap="nowrap">
        <NumberInput
          aria-label="Steps to advance"
          size="xs"
          w={64}
          min={1}
          max={10_000}
          allowDecimal={false}
          hideControls
          value={steps}
          onChange={(value) => setSteps(typeof value === 'number' ? value : 1)}
        />
        <Button size="xs" variant="default" disabled={!paused} onClick={() => send.mutate({ type: 'step', steps })}>
          Step
        </Button>
      </Group>
      <NativeSelect
        aria-label="Pace"
        size="xs"
        value={pace}
        onChange={(event) => {
          const chosen = event.currentTarget.value;
          setPace(chosen);
          send.mutate({ type: 'speed', stepsPerSecond: chosen === 'max' ? null : Number(chosen) });
        }}
        data={[
          ...choices.map((value) => ({ value: String(value), label: `${value} steps/s` })),
          { value: 'max', label: 'as fast as it goes' },
        ]}
      />
      {cancel}
      {send.isError && <ErrorNote error={send.error} />}
    </Group>
  );
}
