import fc from 'fast-check';
import { concatMap, firstValueFrom, from, lastValueFrom, take, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../core/errors.ts';
import { decodeFrame, encodeFrame } from '../../core/frame-codec.ts';
import type { TelemetryFrame } from '../../core/telemetry.ts';
import type { Clock } from '../../evaluation/control.ts';
import { frameCredit, frames } from '../../evaluation/frames.ts';
import type { FrameSource } from '../../evaluation/frames.ts';
import { Recorder } from '../../evaluation/recorder.ts';

/** 1 ms a look; a sleep is one turn of the event loop. */
function tickingClock(): Clock {
  let now = 0;
  return { now: () => (now += 0.001), sleep: () => new Promise((resolve) => setImmediate(resolve)) };
}

/** Channel `t` counts the steps, `square` is its square; notes what was opened, done and disposed of. */
class Counter implements FrameSource {
  readonly recorder: Recorder;
  readonly totalSteps: number;
  readonly #failsAt: number;
  step = 0;
  disposed = 0;

  constructor(totalSteps: number, frameSteps: number, failsAt = Infinity) {
    this.recorder = new Recorder(
      [
        { name: 't', unit: '' },
        { name: 'square', unit: '' },
      ],
      frameSteps,
      3600,
    );
    this.totalSteps = totalSteps;
    this.#failsAt = failsAt;
  }

  advance(): boolean {
    if (this.step === this.#failsAt) throw new DataError('ran dry', { place: { file: 'x.csv', line: this.step } });
    this.recorder.set(0, this.step);
    this.recorder.set(1, this.step ** 2);
    this.step++;
    return this.recorder.endRow();
  }

  [Symbol.dispose](): void {
    this.disposed++;
  }
}

const column = (all: readonly TelemetryFrame[], c: number): number[] =>
  all.flatMap((frame) => [...frame.values.subarray(c * frame.rows, (c + 1) * frame.rows)]);
const turns = async (count: number): Promise<void> => {
  for (let k = 0; k < count; k++) await new Promise((resolve) => setImmediate(resolve));
};

describe('frames', () => {
  it('hold every step exactly once and in order, in frames without a hole', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 1, max: 40 }),
        fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
        async (steps, frameSteps, credits) => {
          const source = new Counter(steps, frameSteps);
          const credit = credits === undefined ? undefined : frameCredit(credits);
          const got = await lastValueFrom(
            frames(() => source, { clock: tickingClock(), ...(credit === undefined ? {} : { credit }) }).pipe(
              concatMap(async (frame) => {
                await turns(1);
                credit?.give(1);
                return decodeFrame(encodeFrame(frame));
              }),
              toArray(),
            ),
          );
          expect(column(got, 0)).toEqual(Array.from({ length: steps }, (_, t) => t));
          expect(column(got, 1)).toEqual(Array.from({ length: steps }, (_, t) => t ** 2));
          expect(got.map((frame) => frame.seq)).toEqual(got.map((_, k) => k));
          expect(got.map((frame) => frame.step0)).toEqual(got.map((_, k) => k * frameSteps));
          expect(got.slice(0, -1).every((frame) => frame.rows === frameSteps)).toBe(true);
          expect(source.disposed).toBe(1);
          if (credit !== undefined) expect(credit.left).toBe(credits);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are cold: nothing is opened before a subscription, and each has a source of its own', async () => {
    const opened: Counter[] = [];
    const stream = frames(
      async () => {
        opened.push(new Counter(10, 4));
        return opened.at(-1)!;
      },
      { clock: tickingClock() },
    );
    await turns(2);
    expect(opened).toHaveLength(0);
    const [a, b] = await Promise.all([lastValueFrom(stream.pipe(toArray())), lastValueFrom(stream.pipe(toArray()))]);
    expect(opened.map((source) => source.disposed)).toEqual([1, 1]);
    expect(column(a, 0)).toEqual(column(b, 0));
  });

  it('stop the work when they are unsubscribed from, and dispose of the source', async () => {
    const source = new Counter(1e9, 8);
    await firstValueFrom(frames(() => source, { clock: tickingClock() }).pipe(take(1)));
    await turns(3);
    const { step } = source;
    expect(step).toBe(8);
    expect(source.disposed).toBe(1);
    await turns(10);
    expect(source.step).toBe(step);
  });

  it('stop within a turn even when no frame ever fills', async () => {
    const source = new Counter(1e9, 1e6);
    const subscription = frames(() => source, { clock: tickingClock() }).subscribe();
    await turns(3);
    subscription.unsubscribe();
    await turns(2);
    const { step } = source;
    expect(step).toBeGreaterThan(0);
    expect(source.disposed).toBe(1);
    await turns(10);
    expect(source.step).toBe(step);
  });

  it('do not run ahead of who takes them', async () => {
    const source = new Counter(1e6, 10);
    const credit = frameCredit(3);
    const got: TelemetryFrame[] = [];
    const subscription = frames(() => source, { clock: tickingClock(), credit }).subscribe((frame) => got.push(frame));
    await turns(50);
    expect(got).toHaveLength(3);
    expect(source.step).toBe(40); // the fourth frame is full and waits
    credit.give(2);
    await turns(50);
    expect(got).toHaveLength(5);
    expect(source.step).toBe(60);
    subscription.unsubscribe();
    await turns(3);
    expect(source.disposed).toBe(1);
    credit.give(1);
    expect(credit.left).toBe(1); // the claim of the stopped stream is gone
    expect(got).toHaveLength(5);
  });

  it('end with what the source throws, after the whole frames before it', async () => {
    const source = new Counter(100, 10, 25);
    const got: TelemetryFrame[] = [];
    const error = await new Promise((resolve) => {
      frames(() => source, { clock: tickingClock() }).subscribe({ next: (frame) => got.push(frame), error: resolve });
    });
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toBe('x.csv:25: ran dry');
    expect(column(got, 0)).toEqual(Array.from({ length: 20 }, (_, t) => t));
    expect(source.disposed).toBe(1);
  });

  it('end with the error of a source that cannot be opened', async () => {
    const fault = new DataError('no such folder');
    await expect(
      lastValueFrom(
        frames(() => Promise.reject(fault), { clock: tickingClock() }),
        { defaultValue: null },
      ),
    ).rejects.toBe(fault);
    await expect(
      lastValueFrom(
        frames(
          () => {
            throw fault;
          },
          { clock: tickingClock() },
        ),
        { defaultValue: null },
      ),
    ).rejects.toBe(fault);
  });

  it('of a source opened after the unsubscription are not made', async () => {
    const source = new Counter(10, 4);
    let ready: (source: Counter) => void = () => {};
    const subscription = frames(() => new Promise<Counter>((resolve) => (ready = resolve)), {
      clock: tickingClock(),
    }).subscribe();
    subscription.unsubscribe();
    ready(source);
    await turns(3);
    expect(source.step).toBe(0);
    expect(source.disposed).toBe(1);
  });

  it('compose with other streams', async () => {
    const all = from([3, 5]).pipe(
      concatMap((steps) => frames(() => new Counter(steps, 2), { clock: tickingClock() })),
      toArray(),
    );
    expect((await lastValueFrom(all)).map((frame) => frame.rows)).toEqual([2, 1, 2, 2, 1]);
  });
});
