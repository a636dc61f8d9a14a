const width = 84;
const height = 22;

/** How a figure went over a run, in a few pixels: the line, its last point, and zero where it is in range. */
export function Sparkline({ points, label }: { readonly points: readonly (number | null)[]; readonly label: string }) {
  const there = points.flatMap((value, at) => (value === null ? [] : [{ value, at }]));
  if (there.length < 2) return null;
  const values = there.map(({ value }) => value);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const x = (at: number): number => 2 + ((width - 6) * at) / (points.length - 1);
  const y = (value: number): number =>
    high === low ? height / 2 : height - 3 - ((height - 6) * (value - low)) / (high - low);
  const last = there.at(-1)!;
  return (
    <svg className="sparkline" width={width} height={height} role="img" aria-label={label}>
      {low < 0 && high > 0 && <line className="zero" x1={2} x2={width - 4} y1={y(0)} y2={y(0)} />}
      <polyline points={there.map(({ at, value }) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ')} />
      <circle cx={x(last.at)} cy={y(last.value)} r={2} />
    </svg>
  );
}
