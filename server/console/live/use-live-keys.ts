import { useEffect } from 'react';
import type { Columns } from './columns.ts';
import { stride } from './cursor-keys.ts';
import type { ViewStore } from './view.ts';

/** The keys of the page, where nothing that has the focus wants them. */
export function useLiveKeys(view: ViewStore, columns: Columns): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || takesKeys(event.target)) return;
      const { rows } = columns;
      const by = event.shiftKey ? stride : 1;
      const does: Readonly<Record<string, () => void>> = {
        ' ': () => view.toggle(rows),
        ArrowLeft: () => view.step(-by, rows),
        ArrowRight: () => view.step(by, rows),
        p: () => (view.get().playing ? view.pause() : view.play(rows)),
        '[': () => view.speedUp(-1),
        ']': () => view.speedUp(1),
        l: () => view.toggleLoop(rows),
        Escape: () => view.pinAt(null, rows),
      };
      const act = does[event.key];
      if (act === undefined || rows === 0) return;
      event.preventDefault();
      act();
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, [view, columns]);
}

/** Fields, buttons and what lies in dialogs keep their keys. */
function takesKeys(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  return target.closest('input, textarea, select, button, a, summary, [contenteditable], [role="dialog"]') !== null;
}
