import { useShortcuts } from '../wire/shortcuts.ts';
import type { Columns } from './columns.ts';
import { stride } from './cursor-keys.ts';
import type { ViewStore } from './view.ts';

/** The keys of the pages of a run, where nothing that has the focus wants them. */
export function useLiveKeys(view: ViewStore, columns: Columns): void {
  const does =
    (act: (rows: number, by: number) => void) =>
    (event: KeyboardEvent): void => {
      const { rows } = columns;
      // A slider has arrow keys of its own.
      if (rows === 0 || (event.target instanceof Element && event.target.matches('input'))) return;
      event.preventDefault();
      act(rows, event.shiftKey ? stride : 1);
    };
  useShortcuts('Time of a run', [
    { keys: [' '], does: 'Hold the window, or follow the newest rows again', run: does((rows) => view.toggle(rows)) },
    { keys: ['ArrowLeft'], does: 'A row back, with Shift 24', run: does((rows, by) => view.step(-by, rows)) },
    { keys: ['ArrowRight'], does: 'A row on, with Shift 24', run: does((rows, by) => view.step(by, rows)) },
    {
      keys: ['p'],
      does: 'Replay, or stop',
      run: does((rows) => (view.get().playing ? view.pause() : view.play(rows))),
    },
    { keys: ['['], does: 'Replay slower', run: does(() => view.speedUp(-1)) },
    { keys: [']'], does: 'Replay faster', run: does(() => view.speedUp(1)) },
    { keys: ['l'], does: 'Go round in the shown window, or no longer', run: does((rows) => view.toggleLoop(rows)) },
    { keys: ['Escape'], does: 'Take the cursor away', run: does((rows) => view.pinAt(null, rows)) },
  ]);
}
