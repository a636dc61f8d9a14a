import type { Channel, GridTopology, TelemetryFrame, TelemetrySchema } from '../core/telemetry.ts';

/**
 * Collects one row a step into column-major frames. The loop writes values at channel indices it looked up once;
 * nothing is allocated between frames.
 */
export class Recorder {
  #schema: TelemetrySchema;
  readonly #capacity: number;
  readonly #columns: Float32Array;
  #rows = 0;
  #step0 = 0;
  #seq = 0;

  /** @param frameSteps rows of a full frame  @param dt simulated seconds between rows */
  constructor(channels: readonly Channel[], frameSteps: number, dt: number, grid?: GridTopology) {
    this.#schema = { version: 1, channels, dt, ...(grid === undefined ? {} : { grid }) };
    this.#capacity = frameSteps;
    this.#columns = new Float32Array(frameSteps * channels.length);
  }

  get schema(): TelemetrySchema {
    return this.#schema;
  }

  /** Says where a channel's values begin to mean something; before the first frame, for the schema goes once. */
  limit(channel: number, limit: number): void {
    const channels = this.#schema.channels.with(channel, { ...this.#schema.channels[channel]!, limit });
    this.#schema = { ...this.#schema, channels };
  }

  /** Sets a channel of the current row. */
  set(channel: number, value: number): void {
    this.#columns[channel * this.#capacity + this.#rows] = value;
  }

  /** Ends the row; true when the frame is full and must be taken. */
  endRow(): boolean {
    this.#rows++;
    return this.#rows === this.#capacity;
  }

  get pending(): boolean {
    return this.#rows > 0;
  }

  /** The rows so far as a frame that owns its values. */
  take(wallTime: number): TelemetryFrame {
    const rows = this.#rows;
    const cols = this.#schema.channels.length;
    const values = new Float32Array(rows * cols);
    for (let c = 0; c < cols; c++)
      values.set(this.#columns.subarray(c * this.#capacity, c * this.#capacity + rows), c * rows);
    const frame: TelemetryFrame = {
      schema: this.#schema.version,
      seq: this.#seq++,
      step0: this.#step0,
      rows,
      cols,
      values,
      wallTime,
    };
    this.#step0 += rows;
    this.#rows = 0;
    return frame;
  }
}
