import { EventEmitter } from 'node:events';
import fc from 'fast-check';
import { Subject } from 'rxjs';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { decodeFrame, encodeFrame } from '../../core/frame-codec.ts';
import { decodeGap } from '../../core/gap.ts';
import type { Gap } from '../../core/gap.ts';
import type { TelemetryFrame } from '../../core/telemetry.ts';
import { connect } from '../../server/client/index.ts';
import { Extremes, SharedExtremes } from '../../server/extremes.ts';
import { maxWaiting, Pump } from '../../server/pump.ts';
import type { PumpSource, View } from '../../server/pump.ts';
import type { RunNotice } from '../../server/run-notice.ts';
import { recordedValue, writeRecordedRuns } from '../support/recorded-run.ts';
import { openServer, tempFolder } from '../support/server.ts';
import type { TestServer } from '../support/server.ts';

const run = 'the-run';
const cols = 4;

/** One value of a history: spikes, stretches without a number, a column that never has one, and infinities. */
function valueAt(salt: number, step: number, column: number): number {
  const dice = Math.abs(Math.sin(salt + 12.9898 * step + 78.233 * column) * 43758.5453) % 1;
  if (column === 0) return Number.NaN;
  if (column === 1 && Math.floor(step / 40) % 2 === 0) return Number.NaN;
  if (dice < 0.01) return dice < 0.002 ? -Infinity : 1e6 * (dice - 0.005);
  return Math.fround(dice);
}

/** Frames of a run, and the notices that tell of them. */
class History {
  readonly notices = new Subject<RunNotice>();
  readonly frames: TelemetryFrame[] = [];
  readonly #bodies: { readonly seq: number; readonly body: Uint8Array }[] = [];
  readonly #salt: number;
  #over = false;

  constructor(salt: number) {
    this.#salt = salt;
  }

  commit(count: number): void {
    for (let i = 0; i < count; i++) {
      const seq = this.frames.length;
      const last = this.frames.at(-1);
      const [step0, rows] = [last === undefined ? 0 : last.step0 + last.rows, 1 + ((seq + this.#salt) % 3)];
      const values = Float32Array.from({ length: cols * rows }, (_, k) =>
        valueAt(this.#salt, step0 + (k % rows), Math.floor(k / rows)),
      );
      const frame = { schema: 1, seq, step0, rows, cols, values, wallTime: 0 };
      this.frames.push(frame);
      this.#bodies.push({ seq, body: encodeFrame(frame) });
      this.notices.next({ type: 'committed', runId: run, head: seq + 1 });
    }
  }

  end(): void {
    this.#over = true;
    this.notices.next({ type: 'ended', runId: run, state: 'done' });
  }

  readonly read = (from: number, limit: number) => this.#bodies.slice(from, from + limit);

  readonly store = {
    frames: (_id: string, from: number, limit: number) => this.read(from, limit),
    summary: () => ({ headSeq: this.frames.length, endedAt: this.#over ? 1 : null, state: 'done' }),
  } as unknown as PumpSource['store'];

  /** Least and greatest of a column over steps from … to−1; NaN where there is no number. */
  extremes(column: number, from: number, to: number): readonly [number, number] {
    let [low, high] = [Number.NaN, Number.NaN];
    for (let step = from; step < to; step++) {
      const value = Math.fround(valueAt(this.#salt, step, column));
      if (Number.isNaN(value)) continue;
      low = Number.isNaN(low) ? value : Math.min(low, value);
      high = Number.isNaN(high) ? value : Math.max(high, value);
    }
    return [low, high];
  }

  /** The first step of a frame, or the first that there is not yet. */
  step(seq: number): number {
    const last = this.frames.at(-1)!;
    return this.frames[seq]?.step0 ?? last.step0 + last.rows;
  }
}

/** The server's end of a socket: what was sent waits until the test reads it. */
class Wire {
  readonly waiting: { readonly data: Uint8Array }[] = [];
  readonly got: (Gap | TelemetryFrame)[] = [];
  readonly problems: unknown[] = [];
  ended = false;
  readonly conn = Object.assign(new EventEmitter(), {
    writeBuffer: this.waiting,
    transport: Object.assign(new EventEmitter(), { socket: { bufferedAmount: 0 } }),
  });

  emit(event: string, message: never): void {
    if (event === 'frames') {
      const { frames } = message as { readonly frames: readonly Uint8Array[] };
      this.got.push(...frames.map(decodeFrame));
    } else if (event === 'gap') this.got.push(decodeGap(message));
    else if (event === 'end') this.ended = true;
    else this.problems.push(message);
    this.waiting.push({ data: new Uint8Array(0) });
  }

  /** Takes packets, as one that acknowledges them. */
  read(packets: number): void {
    if (this.waiting.splice(0, packets).length > 0) this.conn.emit('drain');
  }

  watch(history: History, view: View, extremes?: SharedExtremes): Pump {
    const { store, notices } = history;
    const pump = new Pump(
      this as never,
      { store, notices, ...(extremes === undefined ? {} : { extremes }) },
      run,
      view,
    );
    pump.start();
    return pump;
  }
}

/** Each number from `from` on came once, as a frame or in a gap, and a gap says what it left out. */
function expectWhole(wire: Wire, history: History, from: number): void {
  let next = from;
  const seen = Array.from({ length: cols }, () => [Number.NaN, Number.NaN] as [number, number]);
  const widen = (column: number, low: number, high: number): void => {
    const [least, greatest] = seen[column]!;
    if (!(least <= low) && !Number.isNaN(low)) seen[column]![0] = low;
    if (!(greatest >= high) && !Number.isNaN(high)) seen[column]![1] = high;
  };
  for (const one of wire.got) {
    if ('seq' in one) {
      expect(one).toEqual(history.frames[next]);
      one.values.forEach((value, k) => widen(Math.floor(k / one.rows), value, value));
      next++;
      continue;
    }
    expect(one.from).toBe(next);
    next = one.to;
    let step = history.step(one.from);
    for (const { step0, rows, least, greatest } of one.buckets) {
      expect(step0).toBe(step);
      step += rows;
      for (let c = 0; c < cols; c++) {
        expect([least[c], greatest[c]]).toEqual(history.extremes(c, step0, step));
        widen(c, least[c]!, greatest[c]!);
      }
    }
    expect(step).toBe(history.step(one.to));
  }
  expect(next).toBe(Math.max(from, history.frames.length));
  for (let c = 0; c < cols; c++) {
    const [first, end] = [history.step(from), history.step(history.frames.length)];
    expect(seen[c]).toEqual(history.extremes(c, first, end));
  }
}

describe('a viewer in mode live', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    return () => vi.useRealTimers();
  });

  const action = fc.oneof(
    { weight: 4, arbitrary: fc.record({ commit: fc.integer({ min: 1, max: 90 }) }) },
    { weight: 3, arbitrary: fc.record({ read: fc.integer({ min: 1, max: 2 * maxWaiting }) }) },
    { weight: 1, arbitrary: fc.record({ wait: fc.integer({ min: 1, max: 400 }) }) },
  );

  it('gets each number once, in a frame or in a gap, and every extreme of the history, however it reads', () => {
    let gaps = 0;
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 60 }),
        fc.integer({ min: 0, max: 1000 }),
        fc.nat({ max: 600 }),
        fc.nat({ max: 600 }),
        fc.constantFrom(undefined, 20, 3),
        (actions, salt, before, start, maxHz) => {
          const history = new History(salt);
          history.commit(before + 1);
          const from = Math.min(before, start);
          const wire = new Wire();
          wire.watch(history, { from, mode: 'live', maxHz });
          for (const one of actions) {
            if ('commit' in one) history.commit(one.commit);
            else if ('read' in one) wire.read(one.read);
            else vi.advanceTimersByTime(one.wait);
          }
          history.end();
          for (let i = 0; i < 1000 && !wire.ended; i++) {
            wire.read(5);
            vi.advanceTimersByTime(500);
          }
          expect([wire.ended, wire.problems]).toEqual([true, []]);
          expectWhole(wire, history, from);
          gaps += wire.got.filter((one) => !('seq' in one)).length;
        },
      ),
      { numRuns: 60 },
    );
    expect(gaps).toBeGreaterThan(20);
  });

  it('two who watch the same run share what is known of it, until the last has left', () => {
    const history = new History(3);
    history.commit(500);
    const extremes = new SharedExtremes();
    const wires = [new Wire(), new Wire()];
    const pumps = wires.map((wire) => wire.watch(history, { from: 0, mode: 'live' }, extremes));
    vi.advanceTimersByTime(100);
    for (const wire of wires) expect(wire.got[0]).toMatchObject({ from: 0, to: 499 });
    const read = vi.fn(history.read);
    const one = extremes.hold(run);
    expect(one.extremes.advance(500, read)).toBe(true);
    expect(read).not.toHaveBeenCalled();
    one[Symbol.dispose]();
    for (const pump of pumps) pump.close();
    using again = extremes.hold(run);
    again.extremes.advance(500, read);
    expect(read).toHaveBeenCalled();
  });

  it('whose history has lost a frame is told so', () => {
    const history = new History(1);
    history.commit(200);
    const wire = new Wire();
    vi.spyOn(history.store, 'frames').mockImplementation((_id, from, limit) =>
      history.read(from, limit).filter(({ seq }) => seq !== 100),
    );
    wire.watch(history, { from: 0, mode: 'live' });
    vi.advanceTimersByTime(100);
    expect(wire.problems).toEqual([expect.objectContaining({ status: 500, code: 'store' })]);
    expect(wire.got).toEqual([]);
  });
});

describe('extremes of a long run', () => {
  it('are still those of its frames when its blocks have been joined, over any range', () => {
    const history = new History(7);
    history.commit(70_000); // 2048 blocks of 16 are 32 768, of 32 they are 65 536
    const extremes = new Extremes();
    while (!extremes.advance(70_000, history.read));
    fc.assert(
      fc.property(fc.nat({ max: 69_998 }), fc.nat({ max: 69_998 }), (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b) + 1];
        let reads = 0;
        const gap = decodeGap(
          extremes.gap(from, to, (first, limit) => {
            reads += limit;
            return history.read(first, limit);
          }),
        );
        expect(reads).toBeLessThanOrEqual(2 * 64 + 2); // the two blocks that the range cuts, whatever its length
        expect(gap.buckets.length).toBeLessThanOrEqual(65);
        for (const { step0, rows, least, greatest } of gap.buckets)
          for (let c = 0; c < cols; c++)
            expect([least[c], greatest[c]]).toEqual(history.extremes(c, step0, step0 + rows));
        expect(gap.buckets.reduce((sum, { rows }) => sum + rows, 0)).toBe(history.step(to) - history.step(from));
      }),
      { numRuns: 12 },
    );
  });

  it('refuse a frame of other columns', () => {
    const frame = (seq: number, of: number) => ({
      seq,
      body: encodeFrame({ schema: 1, seq, step0: seq, rows: 1, cols: of, values: new Float32Array(of), wallTime: 0 }),
    });
    expect(() => new Extremes().advance(2, () => [frame(0, 2), frame(1, 3)])).toThrow('frame 1: 3 columns');
  });
});

describe('faultline/client in mode live', () => {
  let folder: ReturnType<typeof tempFolder>;
  let server: TestServer;
  beforeAll(async () => {
    folder = tempFolder();
    const store = `${folder.path}/store`;
    writeRecordedRuns(store, [{ id: 'long', frames: 3000, rows: 2 }]);
    server = await openServer({ maxConcurrent: 0, store });
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  it('hears of a run that is over what its gap held, and then the newest', async () => {
    const gaps: Gap[] = [];
    const seen: number[] = [];
    for await (const { seq } of connect(server.url).tail('long', { mode: 'live', onGap: (gap) => gaps.push(gap) }))
      seen.push(seq);
    expect(seen).toEqual([2999]);
    expect(gaps).toHaveLength(1);
    expect(gaps[0]).toMatchObject({ from: 0, to: 2999 });
    const { buckets } = gaps[0]!;
    expect(buckets.length).toBeGreaterThan(30);
    let next = 0;
    for (const { step0, rows, least, greatest } of buckets) {
      expect(step0).toBe(next);
      next += rows;
      const swings = Array.from({ length: rows }, (_, k) => recordedValue(1, step0 + k)).filter(
        (v) => !Number.isNaN(v),
      );
      expect([...least]).toEqual([step0, Math.min(...swings)]);
      expect([...greatest]).toEqual([next - 1, Math.max(...swings)]);
    }
    expect(next).toBe(5998);
  });
});
