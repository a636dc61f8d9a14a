const blocks = '▁▂▃▄▅▆▇█';

/**
 * The means of equal parts of a column, at most `most` of them: [parts], null where a part has no number.
 * Part k is rows ⌊k·n/parts⌋ to ⌊(k+1)·n/parts⌋ − 1.
 */
export function partMeans(values: Float64Array, most = 60): (number | null)[] {
  const parts = Math.min(most, values.length);
  return Array.from({ length: parts }, (_, part) => {
    let sum = 0;
    let count = 0;
    const end = Math.floor(((part + 1) * values.length) / parts);
    for (let row = Math.floor((part * values.length) / parts); row < end; row++) {
      if (Number.isNaN(values[row]!)) continue;
      sum += values[row]!;
      count++;
    }
    return count === 0 ? null : sum / count;
  });
}

/** A curve in a line of text: a block of eight heights for each mean, a blank for none; a constant is half high. */
export function sparkline(means: readonly (number | null)[], width = means.length): string {
  const drawn = narrowed(means, width);
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

/** Neighbours averaged until there are no more than `width`. */
function narrowed(means: readonly (number | null)[], width: number): readonly (number | null)[] {
  if (means.length <= width) return means;
  return partMeans(
    Float64Array.from(means, (mean) => mean ?? Number.NaN),
    width,
  );
}
