import { useEffect, useRef, useSyncExternalStore } from 'react';

/** A key of a screen, as the help shows it and, with `run`, as it is heard wherever no field has the focus. */
export interface Shortcut {
  /** As `KeyboardEvent.key` has them: `j`, `ArrowDown`, `?`. Any of them does it. */
  readonly keys: readonly string[];
  readonly does: string;
  /** Absent: who has the focus hears the key itself. */
  readonly run?: (event: KeyboardEvent) => void;
}

/** The keys of a part of the page. */
export interface ShortcutGroup {
  readonly title: string;
  readonly shortcuts: readonly Shortcut[];
}

let groups: readonly ShortcutGroup[] = [];
const listeners = new Set<() => void>();

function become(next: readonly ShortcutGroup[]): void {
  groups = next;
  for (const listener of listeners) listener();
}

/** Keys of a screen: heard, and listed by the help on `?`, while it is there. Later screens go before earlier ones. */
export function useShortcuts(title: string, shortcuts: readonly Shortcut[]): void {
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  const text = JSON.stringify(shortcuts.map(({ keys, does }) => ({ keys, does })));
  useEffect(() => {
    const listed = JSON.parse(text) as Omit<Shortcut, 'run'>[];
    const group: ShortcutGroup = {
      title,
      shortcuts: listed.map((entry, at) => ({
        ...entry,
        run: (event: KeyboardEvent) => latest.current[at]?.run?.(event),
      })),
    };
    become([group, ...groups]);
    return () => become(groups.filter((one) => one !== group));
  }, [title, text]);
}

/** The keys that are there now. */
export function useShortcutGroups(): readonly ShortcutGroup[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => groups,
  );
}

const typing =
  'input:not([type="checkbox"]):not([type="radio"]):not([type="range"]), textarea, select, [contenteditable]';

document.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const { target } = event;
  if (target instanceof Element && target.closest(`${typing}, [role="dialog"]`) !== null) return;
  // Enter and Space belong to what has the focus.
  if (
    (event.key === 'Enter' || event.key === ' ') &&
    target instanceof Element &&
    target.closest('a, button, summary, input, [role="button"]') !== null
  )
    return;
  for (const { shortcuts } of groups)
    for (const { keys, run } of shortcuts)
      if (keys.includes(event.key)) {
        run?.(event);
        if (event.defaultPrevented) return;
      }
});
