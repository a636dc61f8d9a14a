import { Presets, SingleBar } from 'cli-progress';

/** Data on stdout, everything else on stderr: a command's output can always be piped. */
export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Columns aligned for a terminal; the first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]!))).join('  '),
    )
    .join('\n');
}

/** A progress bar on stderr; a line every two seconds where stderr is no terminal. */
export function progress(total: number, what: string): { update(done: number, detail: string): void; stop(): void } {
  if (process.stderr.isTTY) {
    const bar = new SingleBar(
      { format: `${what} {bar} {percentage}% {detail} eta {eta_formatted}`, hideCursor: true, stream: process.stderr },
      Presets.shades_classic,
    );
    bar.start(total, 0, { detail: '' });
    return { update: (done, detail) => bar.update(done, { detail }), stop: () => bar.stop() };
  }
  let last = Date.now();
  return {
    update(done, detail) {
      if (Date.now() - last < 2000) return;
      last = Date.now();
      note(`${what} ${Math.floor((100 * done) / total)} % ${detail}`);
    },
    stop() {},
  };
}
