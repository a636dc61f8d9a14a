import { FaultlineError } from '../core/errors.ts';
import { decodeFrame, encodeFrame } from '../core/frame-codec.ts';
import type { TelemetryFrame, TelemetrySchema } from '../core/telemetry.ts';
import type { StoredFrame } from './frame-log.ts';
import type { Store } from './store.ts';

/** A run that was begun anew does not do what it did. */
export class DivergenceError extends FaultlineError {
  readonly code = 'divergence';
}

/**
 * Takes up a run that was interrupted: it is played from its beginning, held against what was recorded to the bit, and what follows is new. Same scenario and
 * seed, same bits: that is what makes it the same run. Frames need not be cut where they were, as a pause cuts one.
 */
export class FastForward {
  /** Steps that were recorded. */
  readonly headStep: number;
  readonly #store: Pick<Store, 'frames'>;
  readonly #id: string;
  readonly #schema: TelemetrySchema | null;
  #nextSeq: number;
  /** The recorded frame at which the comparison stands, and the number of the one after it. */
  #recorded: TelemetryFrame | undefined;
  #read = 0;

  constructor(store: Pick<Store, 'frames' | 'detail'>, id: string) {
    const { headSeq, headStep, schema } = store.detail(id);
    this.#store = store;
    this.#id = id;
    this.#schema = schema;
    this.#nextSeq = headSeq;
    this.headStep = headStep;
  }

  /** @throws {DivergenceError} when other channels are recorded now */
  begin(schema: TelemetrySchema): void {
    if (this.#schema !== null && JSON.stringify(this.#schema) !== JSON.stringify(schema))
      throw new DivergenceError('it records other channels now');
  }

  /** What of a frame is new, under the next number; undefined when all of it was there. @throws {DivergenceError} where it differs */
  take(message: StoredFrame): StoredFrame | undefined {
    const known = Math.min(message.rows, Math.max(0, this.headStep - message.step0));
    if (known === 0)
      return message.seq === this.#nextSeq ? { ...message, seq: this.#nextSeq++ } : this.#renumbered(message, 0);
    const frame = decodeFrame(message.body);
    for (let row = 0; row < known; row++) this.#compare(frame, row);
    return known === message.rows ? undefined : this.#renumbered(message, known);
  }

  #renumbered({ body }: StoredFrame, from: number): StoredFrame {
    const frame = decodeFrame(body);
    const { cols, rows } = frame;
    const values = new Float32Array(cols * (rows - from));
    for (let c = 0; c < cols; c++)
      values.set(frame.values.subarray(c * rows + from, (c + 1) * rows), c * (rows - from));
    const seq = this.#nextSeq++;
    const part = { ...frame, seq, step0: frame.step0 + from, rows: rows - from, values };
    return { seq, step0: part.step0, rows: part.rows, body: encodeFrame(part) };
  }

  #compare(frame: TelemetryFrame, row: number): void {
    const step = frame.step0 + row;
    while (this.#recorded === undefined || step >= this.#recorded.step0 + this.#recorded.rows) {
      const [stored] = this.#store.frames(this.#id, this.#read++, 1);
      if (stored === undefined) throw new DivergenceError(`step ${step} is no longer there`);
      this.#recorded = decodeFrame(stored.body);
    }
    const { step0, rows, cols, values } = this.#recorded;
    if (cols !== frame.cols) throw new DivergenceError(`step ${step} has ${frame.cols} values, and had ${cols}`);
    for (let c = 0; c < cols; c++) {
      const [was, is] = [values[c * rows + step - step0]!, frame.values[c * frame.rows + row]!];
      if (!Object.is(was, is))
        throw new DivergenceError(
          `in step ${step} '${this.#schema?.channels[c]?.name ?? c}' is ${is}, and was ${was}: another backend, data or code`,
        );
    }
  }
}
