import { useEffect, useState } from 'react';
import type { RefObject } from 'react';

/** Rows drawn beyond the visible ones, on either side. */
const margin = 6;

/** The rows [from, to) of a list of `count` rows of one height that are worth drawing in a scrolled box. */
export function useRowWindow(
  box: RefObject<HTMLElement | null>,
  rowHeight: number,
  count: number,
): { readonly from: number; readonly to: number } {
  const [range, setRange] = useState({ from: 0, to: 20 });
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const look = (): void => {
      const from = Math.max(0, Math.floor(element.scrollTop / rowHeight) - margin);
      const to = Math.ceil((element.scrollTop + element.clientHeight) / rowHeight) + margin;
      setRange((now) => (now.from === from && now.to === to ? now : { from, to }));
    };
    look();
    element.addEventListener('scroll', look, { passive: true });
    const sizes = new ResizeObserver(look);
    sizes.observe(element);
    return () => {
      element.removeEventListener('scroll', look);
      sizes.disconnect();
    };
  }, [box, rowHeight]);
  const to = Math.min(count, range.to);
  return { from: Math.min(range.from, Math.max(0, to - 1)), to };
}
