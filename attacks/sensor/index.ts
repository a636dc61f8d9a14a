import { z } from 'zod';
import { toNormalised } from '../../core/space.ts';
import { define } from '../define.ts';
import { withMemory } from './memory.ts';

/** What such sensors show is no small perturbation. */
const unbounded = { preset: 'unbounded' };

/** `x'_t = x_{t−k}`; the first observation until there is an older one. */
export const sensorDelay = define(
  'Sensor delay: the observation of some steps ago',
  'Denial-of-service attack on measurements: Sargolzaei et al. (2016), time-delay switch attacks',
  z.strictObject({
    steps: z.int().min(1).max(8760).default(3).meta({ title: 'Steps', description: 'How old what is shown is.' }),
  }),
  ({ steps }) =>
    withMemory((size) => {
      const ring = new Float32Array((steps + 1) * size);
      return {
        show(x, at, step, _row, _context, out) {
          const now = (step % (steps + 1)) * size;
          const then = (Math.max(0, step - steps) % (steps + 1)) * size;
          for (let j = 0; j < size; j++) ring[now + j] = x[at + j]!;
          for (let j = 0; j < size; j++) out[at + j] = ring[then + j]!;
        },
      };
    }),
  unbounded,
);

/** Each sensor drops out with a probability, at each step anew, and shows its last value, a physical zero, or the mean of what it showed. */
export const sensorDropout = define(
  'Sensor dropout: a sensor fails with some probability',
  'Missing measurements: hold-input and zero-input strategies, Schenato (2009)',
  z.strictObject({
    probability: z
      .number()
      .min(0)
      .max(1)
      .default(0.2)
      .meta({ title: 'Probability', description: 'Of each sensor at each step.' }),
    fill: z.enum(['hold', 'zero', 'mean']).default('hold').meta({
      title: 'Fill',
      description: 'What a dropped sensor shows: what it last showed, a physical 0, or the mean of what it measured.',
    }),
  }),
  ({ probability, fill }) =>
    withMemory((size) => {
      const shown = new Float32Array(size);
      const sum = new Float64Array(size);
      return {
        show(x, at, step, row, context, out) {
          const rng = context.rngs[row]!;
          for (let j = 0; j < size; j++) {
            const value = x[at + j]!;
            const dropped = rng.uniform() < probability;
            if (step === 0) shown[j] = value;
            if (!dropped) shown[j] = value;
            else if (fill === 'zero') shown[j] = toNormalised(context.features[j]!, 0);
            else if (fill === 'mean') shown[j] = step === 0 ? value : sum[j]! / step;
            sum[j]! += value;
            out[at + j] = shown[j]!;
          }
        },
      };
    }),
  unbounded,
);

/** From step `from + window` on, the window that began at step `from` is shown again and again: `x'_t = x_{from + (t − from) mod window}`. */
export const sensorReplay = define(
  'Sensor replay: an earlier recorded window, again and again',
  'Mo, Sinopoli (2009), "Secure Control Against Replay Attacks"',
  z.strictObject({
    window: z
      .int()
      .min(1)
      .max(8760)
      .default(24)
      .meta({ title: 'Window', description: 'Steps that are recorded; a whole day keeps the hour of the day.' }),
    from: z.int().min(0).max(1_000_000).default(0).meta({ title: 'From', description: 'Step where recording begins.' }),
  }),
  ({ window, from }) =>
    withMemory((size) => {
      const tape = new Float32Array(window * size);
      return {
        show(x, at, step, _row, _context, out) {
          const place = ((((step - from) % window) + window) % window) * size;
          if (step >= from && step < from + window) for (let j = 0; j < size; j++) tape[place + j] = x[at + j]!;
          const replayed = step >= from + window;
          for (let j = 0; j < size; j++) out[at + j] = replayed ? tape[place + j]! : x[at + j]!;
        },
      };
    }),
  unbounded,
);
