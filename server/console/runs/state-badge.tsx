import { Badge } from '@mantine/core';
import type { RunSummary } from '../../events.ts';
import { stateText } from './run-state.ts';

/** The state in words; colour only repeats it. */
export function StateBadge({ run }: { readonly run: RunSummary }) {
  return (
    <Badge variant="outline" className="state-badge" data-state={run.state} radius="sm">
      {stateText(run)}
    </Badge>
  );
}
