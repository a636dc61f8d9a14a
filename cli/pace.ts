/** How fast something goes, and how long it will yet take. */
export interface Pace {
  /** Notes that `done` of the total are done at `now` seconds. */
  update(done: number, now: number): void;
  /** Units a second over the last minute; undefined before anything was done here. */
  readonly perSecond: number | undefined;
  readonly secondsLeft: number | undefined;
}

/**
 * A pace over a sliding window, so that a slow phase after a quick one is told as it is. What was done before `from` took
 * somebody else's time: a resumed run is judged by what it does itself.
 *
 * @param from what was done already, at `now` seconds
 * @param window seconds that count
 */
export function pace(total: number, from: number, now: number, window = 60): Pace {
  const samples: { readonly done: number; readonly at: number }[] = [{ done: from, at: now }];
  const rate = (): number | undefined => {
    const [first] = samples;
    const last = samples.at(-1);
    if (first === undefined || last === undefined || last.done <= first.done || last.at <= first.at) return undefined;
    return (last.done - first.done) / (last.at - first.at);
  };
  return {
    update(done, at) {
      // Of those that come thick and fast only some are kept: about a hundred a window.
      if (samples.length > 1 && at - samples.at(-2)!.at < window / 100) samples.pop();
      samples.push({ done, at });
      // The oldest sample stays until the next one is old enough to stand for the whole window.
      while (samples.length > 2 && at - samples[1]!.at >= window) samples.shift();
    },
    get perSecond() {
      return rate();
    },
    get secondsLeft() {
      const perSecond = rate();
      return perSecond === undefined ? undefined : Math.max(0, total - samples.at(-1)!.done) / perSecond;
    },
  };
}

/** `4 s`, `3 min 05 s`, `2 h 07 min`, `3 d 04 h`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const units: readonly (readonly [name: string, size: number, smaller: string, step: number])[] = [
    ['d', 86_400, 'h', 3600],
    ['h', 3600, 'min', 60],
    ['min', 60, 's', 1],
  ];
  const fitting = units.find(([, size]) => whole >= size);
  if (fitting === undefined) return `${whole} s`;
  const [name, size, smaller, step] = fitting;
  return `${Math.floor(whole / size)} ${name} ${String(Math.floor((whole % size) / step)).padStart(2, '0')} ${smaller}`;
}
