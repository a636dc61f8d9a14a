import { Badge } from '@mantine/core';
import type { RunState } from '../../events.ts';

/** The state in words; colour only repeats it. */
export function StateBadge({ state }: { readonly state: RunState }) {
  return (
    <Badge variant="outline" className="state-badge" data-state={state} radius="sm">
      {state}
    </Badge>
  );
}
