import { Badge } from '@mantine/core';
import type { RunState } from '../../events.ts';

const colours: Readonly<Record<RunState, string>> = {
  queued: 'gray',
  running: 'blue',
  paused: 'yellow',
  done: 'teal',
  failed: 'red',
  cancelled: 'gray',
  interrupted: 'orange',
};

/** The state in words; colour only repeats it. */
export function StateBadge({ state }: { readonly state: RunState }) {
  return (
    <Badge
      color={colours[state]}
      variant={state === 'running' ? 'filled' : 'outline'}
      className="state-badge"
      data-state={state}
      radius="sm"
    >
      {state}
    </Badge>
  );
}
