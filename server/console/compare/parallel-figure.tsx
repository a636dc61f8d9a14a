import { Button, Group } from '@mantine/core';
import { useCallback, useMemo, useRef, useState } from 'react';
import type { CompareTable } from './compare-api.ts';
import { axesOf, parallelDrawing } from './drawings.ts';
import { Figure } from './figure.tsx';
import type { Drawing } from './figure.tsx';
import type { GroupLook } from './group-names.ts';

/** A range of an axis, in shares of it. */
type Brush = readonly [low: number, high: number];

/** Parallel coordinates; dragging along an axis leaves the lanes in that range, and what is left is said. */
export function ParallelFigure(props: {
  readonly table: CompareTable;
  readonly metrics: readonly string[];
  readonly looks: readonly GroupLook[];
  readonly shown: readonly boolean[];
}) {
  const { table, metrics, looks, shown } = props;
  const axes = useMemo(() => axesOf(table, metrics), [table, metrics]);
  const [brushes, setBrushes] = useState<Readonly<Record<string, Brush>>>({});
  const drawing = useRef<Drawing | null>(null);
  const from = useRef<{ readonly axis: string; readonly share: number } | null>(null);
  const inside = useCallback(
    (lane: number) =>
      axes.every((axis) => {
        const brush = brushes[axis.name];
        if (brush === undefined) return true;
        const value = axis.values[lane];
        if (value === null || value === undefined) return false;
        const share = (value - axis.low) / (axis.high - axis.low);
        return share >= brush[0] && share <= brush[1];
      }),
    [axes, brushes],
  );
  const draw = useCallback(
    (width: number) => parallelDrawing(table, axes, looks, shown, inside, width),
    [table, axes, looks, shown, inside],
  );
  const ready = useCallback((made: Drawing) => {
    drawing.current = made;
  }, []);
  const spot = (event: React.PointerEvent): { readonly axis: string; readonly share: number } | null => {
    const made = drawing.current;
    const box = made?.getBoundingClientRect();
    const [x, y] = [made?.scale('x'), made?.scale('y')];
    if (box === undefined || x === undefined || y?.invert === undefined) return null;
    const at = event.clientX - box.left;
    const axis = axes.find(({ name }) => Math.abs(x.apply(name) - at) < 24);
    return axis === undefined ? null : { axis: axis.name, share: y.invert(event.clientY - box.top) };
  };
  const left = table.lanes.filter((lane, at) => shown[lane.group] === true && inside(at)).length;

  if (axes.length < 2)
    return <p className="nothing">These lanes differ in fewer than two figures: there is nothing to draw between.</p>;
  return (
    <>
      <div
        className="brushable"
        onPointerDown={(event) => {
          from.current = spot(event);
        }}
        onPointerUp={(event) => {
          const start = from.current;
          const end = spot(event);
          from.current = null;
          if (start === null) return;
          const to = end?.axis === start.axis ? end.share : start.share;
          const brush: Brush = [Math.min(start.share, to), Math.max(start.share, to)];
          setBrushes(({ [start.axis]: _old, ...others }) =>
            brush[1] - brush[0] < 0.02 ? others : { ...others, [start.axis]: brush },
          );
        }}
      >
        <Figure
          name="parallel"
          label={`Parallel coordinates of ${axes.map(({ name }) => name).join(', ')}; ${left} lanes in range`}
          draw={draw}
          ready={ready}
        />
      </div>
      <Group gap="xs">
        <p className="hint" role="status">
          {left} lanes in range. Drag along an axis to narrow it; the tables stay those of all lanes.
        </p>
        {axes
          .filter(({ name }) => brushes[name] !== undefined)
          .map(({ name, low, high }) => (
            <Button
              key={name}
              size="compact-xs"
              variant="default"
              title="Take this range off"
              onClick={() => setBrushes(({ [name]: _old, ...others }) => others)}
            >
              {name}: {(low + brushes[name]![0] * (high - low)).toPrecision(3)} …{' '}
              {(low + brushes[name]![1] * (high - low)).toPrecision(3)} <span aria-hidden>×</span>
            </Button>
          ))}
      </Group>
    </>
  );
}
