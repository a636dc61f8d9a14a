import { Observable } from 'rxjs';
import type { Subscriber } from 'rxjs';
import type { TelemetryFrame } from '../core/telemetry.ts';
import type { Clock } from './control.ts';
import type { Recorder } from './recorder.ts';

/** What can be advanced step by step and writes one row of telemetry a step: a simulation, or an attacked loop. */
export interface FrameSource extends Disposable {
  readonly recorder: Pick<Recorder, 'schema' | 'pending' | 'take'>;
  readonly totalSteps: number;
  /** Steps done. */
  readonly step: number;
  /** Runs one step of every lane and ends its row; true when the recorder's frame is full. */
  advance(clock: Clock): boolean;
}

/** Frames that may be on their way at once: who takes them gives credit back, and the source waits rather than run ahead. */
export interface FrameCredit {
  /** Uses one; undefined when it was there, else a promise of it. An abort drops the claim. */
  take(signal: AbortSignal): Promise<void> | undefined;
}

/** A credit that its owner refills, as the store's commits or a socket's acknowledgements come in. */
export function frameCredit(frames: number): FrameCredit & { give(frames: number): void; readonly left: number } {
  let left = frames;
  const waiting: (() => void)[] = [];
  return {
    get left() {
      return left;
    },
    give(more) {
      left += more;
      while (left > 0 && waiting.length > 0) {
        left--;
        waiting.shift()!();
      }
    },
    take(signal) {
      if (left > 0) {
        left--;
        return undefined;
      }
      return new Promise((resolve) => {
        const claim = (): void => {
          signal.removeEventListener('abort', drop);
          resolve();
        };
        const drop = (): void => {
          waiting.splice(waiting.indexOf(claim), 1);
          resolve();
        };
        waiting.push(claim);
        signal.addEventListener('abort', drop, { once: true });
      });
    },
  };
}

export interface FrameOptions {
  readonly clock: Clock;
  /** Absent: frames come as fast as they are made. */
  readonly credit?: FrameCredit;
  /** Seconds of work after which the event loop has a turn, so that an unsubscription is heard. Default: 0.02 */
  readonly turn?: number;
}

/**
 * The telemetry of a simulation as a stream of frames, each of many consecutive steps. Cold: every subscription opens a source of its
 * own and disposes of it, whether it completes, fails or is unsubscribed from; after an unsubscription no further step is run than
 * those of the turn under way. Every step is in exactly one frame, in order. What the source throws is the stream's error; the
 * whole frames before it have been sent.
 */
export function frames(
  open: () => FrameSource | Promise<FrameSource>,
  options: FrameOptions,
): Observable<TelemetryFrame> {
  return new Observable((subscriber) => {
    const stopped = new AbortController();
    void play(open, options, subscriber, stopped.signal);
    return () => stopped.abort();
  });
}

async function play(
  open: () => FrameSource | Promise<FrameSource>,
  { clock, credit, turn = 0.02 }: FrameOptions,
  subscriber: Subscriber<TelemetryFrame>,
  signal: AbortSignal,
): Promise<void> {
  try {
    using source = await open();
    const { recorder } = source;
    const send = async (): Promise<void> => {
      await credit?.take(signal);
      subscriber.next(recorder.take(clock.now()));
    };
    let turnEnds = clock.now() + turn;
    while (!subscriber.closed && source.step < source.totalSteps) {
      if (source.advance(clock)) await send();
      if (clock.now() < turnEnds) continue;
      await clock.sleep(0);
      turnEnds = clock.now() + turn;
    }
    if (!subscriber.closed && recorder.pending) await send();
  } catch (error) {
    subscriber.error(error);
    return;
  }
  subscriber.complete();
}
