import { z } from 'zod';
import type { Detector } from '../../core/detector.ts';
import { define } from './define.ts';
import { observedWhere } from './observed.ts';

const name = 'night-irradiance';
const config = z.strictObject({
  days: z.int().min(1).default(21).meta({
    title: 'Days',
    description: 'It is night where it was dark at this hour for so many days before and after.',
  }),
});

/**
 * Sun in the night: the sum of irradiances and PV generation, now and to come, at steps at which clean rows of the same time of day and of
 * the time before and after, for weeks before and after, were all dark; normalised units. It goes by its own clock. Source: specs/bifurcation.md 7.4.
 */
export const nightIrradiance = define('Sun in the night', 'specs/bifurcation.md 7.4', config, ({ days }): Detector => ({
  fit({ features, observation, learn, steps, stepsPerDay }) {
    const size = features.length;
    const columns = observedWhere(
      features,
      (feature) => /_solar_irradiance|^solar_generation$/.test(feature),
      'irradiance or PV generation',
      name,
    );
    const dark = new Uint8Array(steps * columns.length);
    columns.forEach((j, c) => {
      for (let t = 0; t < steps; t++) dark[t * columns.length + c] = isDark(t, j) ? 1 : 0;
    });
    function isDark(t: number, j: number): boolean {
      let rows = 0;
      for (let day = -days; day <= days; day++) {
        for (let shift = -1; shift <= 1; shift++) {
          const other = t + day * stepsPerDay + shift;
          if (other < 0 || other >= steps || learn[other] === 0) continue;
          if (observation[other * size + j]! !== 0) return false;
          rows++;
        }
      }
      return rows > 0;
    }
    return {
      watch() {
        let step = 0;
        return {
          score(x, at, gradient, gradientAt = 0) {
            gradient?.fill(0, gradientAt, gradientAt + size);
            const row = (step % steps) * columns.length;
            let score = 0;
            for (let c = 0; c < columns.length; c++) {
              if (dark[row + c] === 0) continue;
              const j = columns[c]!;
              score += Math.abs(x[at + j]!);
              if (gradient !== undefined) gradient[gradientAt + j] = Math.sign(x[at + j]!);
            }
            return score;
          },
          push() {
            step++;
          },
        };
      },
    };
  },
}));
