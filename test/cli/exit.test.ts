import { expect, it } from 'vitest';
import { interruption } from '../../cli/exit.ts';

it('an interruption is heard while it is listened for, and leaves no listener behind', () => {
  const events = ['SIGINT', 'SIGTERM', 'disconnect'] as const;
  const listeners = (): number[] => events.map((event) => process.listenerCount(event));
  const before = listeners();
  {
    using interrupted = interruption();
    expect(process.listenerCount('SIGINT')).toBe(before[0]! + 1);
    expect(interrupted.signal.aborted).toBe(false);
    process.emit('SIGTERM');
    expect(interrupted.signal.aborted).toBe(true);
  }
  expect(listeners()).toEqual(before);
});
