const blocks = '▁▂▃▄▅▆▇█';

/**
 * The means of consecutive stretches of a column, at most `most` of them; null where a stretch has no number. From a fortnight on
 * stretches are whole days, so that what repeats daily does not beat against them.
 */
export function stretchMeans(values: ArrayLike<number>, rowsPerDay: number, most = 60): (number | null)[] {
  const days = values.length / rowsPerDay;
  const stretch = days < 14 ? Math.ceil(values.length / most) : rowsPerDay * Math.ceil(days / most);
  return meansOf(values, stretch);
}

function meansOf(values: ArrayLike<number>, stretch: number): (number | null)[] {
  return Array.from({ length: Math.ceil(values.length / stretch) }, (_, part) => {
    let sum = 0;
    let count = 0;
    for (let row = part * stretch; row < Math.min((part + 1) * stretch, values.length); row++) {
      if (Number.isNaN(values[row]!)) continue;
      sum += values[row]!;
      count++;
    }
    return count === 0 ? null : sum / count;
  });
}

/** A curve in a line of text: a block of eight heights for each mean, a blank for none; a constant is half high. */
export function sparkline(means: readonly (number | null)[], width = means.length): string {
  const drawn =
    means.length <= width
      ? means
      : meansOf(
          means.map((mean) => mean ?? Number.NaN),
          Math.ceil(means.length / width),
        );
  const known = drawn.filter((mean) => mean !== null);
  const low = Math.min(...known);
  const span = Math.max(...known) - low;
  return drawn
    .map((mean) => {
      if (mean === null) return ' ';
      if (!(span > 0)) return blocks[3]!;
      return blocks[Math.min(7, Math.floor(((mean - low) / span) * 8))]!;
    })
    .join('');
}
