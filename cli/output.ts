import { Presets, SingleBar } from 'cli-progress';
import { duration, pace } from './pace.ts';

/** Data on stdout, everything else on stderr: a command's output can always be piped. */
export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** `JSON.stringify` escapes C0 alone; a terminal obeys DEL and C1 too. */
export function printJson(value: unknown): void {
  const escaped = (control: string): string => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`;
  print(JSON.stringify(value, null, 2).replace(/[\u007f-\u009f]/g, escaped));
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

/** Where a long command stands. */
export interface Progress {
  /** @param detail more to say than the pace */
  update(done: number, detail?: string): void;
  stop(): void;
}

/**
 * A progress bar with pace and time left on stderr; a line every two seconds where stderr is no terminal.
 * @param unit what is counted, for the pace
 * @param from what was done before, by an earlier run
 */
export function progress(total: number, what: string, unit: string, from = 0): Progress {
  const seconds = (): number => performance.now() / 1000;
  const own = pace(total, from, seconds());
  const told = (detail: string): string => {
    const { perSecond, secondsLeft } = own;
    const parts =
      perSecond === undefined ? [] : [`${significant(perSecond)} ${unit}/s`, `${duration(secondsLeft!)} left`];
    return [...parts, ...(detail === '' ? [] : [detail])].join(', ');
  };
  if (process.stderr.isTTY) {
    const bar = new SingleBar(
      { format: `${what} {bar} {percentage}% {detail}`, hideCursor: true, stream: process.stderr },
      Presets.shades_classic,
    );
    bar.start(total, from, { detail: '' });
    return {
      update(done, detail = '') {
        own.update(done, seconds());
        bar.update(done, { detail: told(detail) });
      },
      stop: () => bar.stop(),
    };
  }
  let last = seconds();
  return {
    update(done, detail = '') {
      own.update(done, seconds());
      if (seconds() - last < 2) return;
      last = seconds();
      note(`${what} ${Math.floor((100 * done) / total)} %, ${told(detail)}`);
    },
    stop() {},
  };
}

/** Whole numbers from ten on, else two digits. */
function significant(value: number): string {
  return value >= 10 ? value.toFixed(0) : value.toPrecision(2);
}
