import type { TelemetryFrame, TelemetrySchema } from '../../core/telemetry.ts';

/** A channel over the whole run; undefined where it is not recorded. */
export function columnOf(
  schema: TelemetrySchema,
  frames: readonly TelemetryFrame[],
  name: string,
): Float32Array | undefined {
  const at = schema.channels.findIndex((channel) => channel.name === name);
  if (at < 0) return undefined;
  const out = new Float32Array(frames.reduce((sum, frame) => sum + frame.rows, 0));
  let row = 0;
  for (const frame of frames) {
    out.set(frame.values.subarray(at * frame.rows, (at + 1) * frame.rows), row);
    row += frame.rows;
  }
  return out;
}
