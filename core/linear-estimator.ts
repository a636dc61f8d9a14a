import { z } from 'zod';
import { ConfigError } from './errors.ts';

/** One row of a linear measurement model `z = H x + e`. */
export const linearMeterSchema = z.strictObject({
  feature: z
    .string()
    .optional()
    .meta({ title: 'Feature', description: 'What shows it; without one it is a meter elsewhere that nobody touches.' }),
  of: z
    .record(z.string(), z.number())
    .meta({ title: 'Of', description: 'The states that it measures, by any names, with their weights: a row of H.' }),
  sigma: z
    .number()
    .positive()
    .max(1e9)
    .default(0.1)
    .meta({ title: 'Standard deviation', description: 'Of its error, in the unit of the feature.' }),
});

export type LinearMeter = z.output<typeof linearMeterSchema>;

/** What a weighted least squares estimate leaves over, as a map of the readings. */
export interface ResidualMap {
  readonly meters: number;
  /** Readings more than states that can be told. */
  readonly degreesOfFreedom: number;
  /** [meters, meters] `S = (I − Q Q') W^½`, so that `J(z) = ‖S z‖²`; Q spans W^½ H */
  readonly map: Float64Array;
}

/** Below this, as a share of its length, a column adds nothing to those before it. */
const dependent = 1e-9;

/**
 * The residuals of a linear model in units of their meters' deviations. A change a of the readings leaves them as they are exactly where `S a = 0`, which is `a = H c`.
 * @throws {ConfigError} where no reading is redundant: then nothing can be seen. Source: Liu, Ning and Reiter (2011); specs/grid.md 7
 */
export function residualMap(meters: readonly LinearMeter[], where: string): ResidualMap {
  const m = meters.length;
  const states = [...new Set(meters.flatMap(({ of }) => Object.keys(of)))];
  const basis: Float64Array[] = [];
  for (const state of states) {
    const column = Float64Array.from(meters, ({ of, sigma }) => (of[state] ?? 0) / sigma);
    const length = norm(column);
    // Twice, so that what is left is orthogonal to the last digit.
    for (let round = 0; round < 2; round++)
      for (const q of basis) {
        const along = q.reduce((sum, value, r) => sum + value * column[r]!, 0);
        for (let r = 0; r < m; r++) column[r]! -= along * q[r]!;
      }
    const left = norm(column);
    if (left > dependent * length && left > 0) basis.push(column.map((value) => value / left));
  }
  if (basis.length >= m)
    throw new ConfigError(
      `${where}: ${m} meters tell ${basis.length} states, so that no reading is redundant and no false one is seen`,
    );
  const map = new Float64Array(m * m);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < m; j++) {
      let entry = i === j ? 1 : 0;
      for (const q of basis) entry -= q[i]! * q[j]!;
      map[i * m + j] = entry / meters[j]!.sigma;
    }
  return { meters: m, degreesOfFreedom: m - basis.length, map };
}

function norm(v: Float64Array): number {
  return Math.hypot(...v);
}

const net = 'net_electricity_consumption';

/** A building's own balance where no meters are named: the main meter beside the meters behind it that are observed. kWh */
export function balanceMeters(names: readonly string[]): LinearMeter[] {
  const parts = [
    ['non_shiftable_load', 1],
    ['solar_generation', -1],
    ['cooling_electricity_consumption', 1],
    ['heating_electricity_consumption', 1],
    ['dhw_electricity_consumption', 1],
    ['electrical_storage_electricity_consumption', 1],
  ] as const;
  const observed = parts.filter(([name]) => names.includes(name));
  if (!names.includes(net) || observed.length === 0) return [];
  return [
    { feature: net, of: Object.fromEntries(observed), sigma: 0.1 },
    ...observed.map(([name]) => ({ feature: name, of: { [name]: 1 }, sigma: 0.1 })),
  ];
}
