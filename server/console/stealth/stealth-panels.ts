import type { TelemetrySchema } from '../../../core/telemetry.ts';
import type { Pair, Panel } from '../live/panels.ts';
import { signalsOf } from '../../../core/lane.ts';
import type { Post } from './watching.ts';

/** A threshold of 0 has no logarithm. */
const leastBend = 1e-3;

/** The charts of an attacked lane: what is moved against what may be, what that changes, and each detector's score against its threshold. */
export function stealthPanels(schema: TelemetrySchema, { attacked }: Pair, posts: readonly Post[]): readonly Panel[] {
  if (attacked === undefined) return [];
  const channel = (signal: string): string => `${attacked.name}/${signal}`;
  const budget = schema.channels.find(({ name }) => name === channel('linf'))?.limit;
  const panels: Panel[] = [
    {
      id: 'norm',
      title: 'Perturbation against its budget',
      lines: [{ label: 'L∞ norm', channel: channel('linf'), unit: 'normalised', meaning: 'attacked', axis: 'left' }],
      ...(budget === undefined ? {} : { limit: { value: budget, label: 'epsilon' } }),
    },
    {
      id: 'effect',
      title: 'What it changes of the action',
      lines: [
        {
          label: 'action change',
          channel: channel('action_change'),
          unit: 'share of range',
          meaning: 'attacked',
          axis: 'left',
        },
      ],
    },
  ];
  for (const { label, threshold, clean, attacked: own } of posts)
    panels.push({
      id: `score-${label}`,
      title: `Score of ${label}`,
      lines: [
        { label: 'clean', channel: clean, unit: 'score', meaning: 'clean', axis: 'left' },
        { label: 'attacked', channel: own, unit: 'score', meaning: 'attacked', axis: 'left' },
      ],
      ...(threshold === undefined
        ? {}
        : { limit: { value: threshold, label: 'threshold' }, bend: Math.max(leastBend, threshold) }),
    });
  const recorded = signalsOf(schema, attacked.name);
  return panels.filter(({ id }) => id.startsWith('score-') || recorded.has(id === 'norm' ? 'linf' : 'action_change'));
}
