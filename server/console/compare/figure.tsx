import { Button } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import { saveBlob } from '../wire/api.ts';

/** What Plot gives: an SVG that knows its scales. */
export type Drawing = (SVGSVGElement | HTMLElement) & {
  scale(name: string): { apply(value: unknown): number; invert?(at: number): number } | undefined;
};

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';

/** A drawing as wide as its place, with its file for the taking. `label` says what there is to be seen. */
export function Figure(props: {
  readonly name: string;
  readonly label: string;
  readonly draw: (width: number) => Drawing;
  /** After it was put in place. */
  readonly ready?: (drawing: Drawing) => void;
}) {
  const { name, label, draw, ready } = props;
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const sizes = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    sizes.observe(place.current!);
    return () => sizes.disconnect();
  }, []);
  useEffect(() => {
    if (width === 0) return;
    const drawing = draw(width);
    // The page's policy lets styles in that bear its nonce.
    for (const style of drawing.querySelectorAll('style')) style.nonce = nonce;
    // The place says what is to be seen; names of marks would be said of plain groups.
    for (const mark of drawing.querySelectorAll('[aria-label]')) mark.removeAttribute('aria-label');
    place.current!.replaceChildren(drawing);
    ready?.(drawing);
  }, [draw, ready, width]);
  const save = (): void => {
    const svg = place.current?.querySelector('svg');
    if (!svg) return;
    const copy = svg.cloneNode(true) as SVGSVGElement;
    copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
    copy.style.color = getComputedStyle(svg).color;
    saveBlob(new Blob([new XMLSerializer().serializeToString(copy)], { type: 'image/svg+xml' }), `${name}.svg`);
  };
  return (
    <div className="figure-place">
      <div ref={place} role="img" aria-label={label} className="drawing" />
      <Button size="compact-xs" variant="default" onClick={save}>
        Figure as SVG
      </Button>
    </div>
  );
}
