import { partOf } from '../../../core/part-of.ts';
import { rng } from '../../../core/rng.ts';
import type { Feature } from '../../../core/space.ts';
import { toNormalised } from '../../../core/space.ts';
import type { TelemetryFrame, TelemetrySchema } from '../../../core/telemetry.ts';
import { blockMmd } from '../../stealth/block-mmd.ts';
import { differences } from '../../stealth/differences.ts';
import { publishedMmd } from '../../stealth/published-mmd.ts';

/** Attacks that are put to the tests, with what the paper's test said of the run that each stands beside: [MMD, p], by victim. */
export const stealthTests: Readonly<Record<string, Readonly<Record<string, readonly [number, number]>>>> = {
  'bifurcated 5% paper': { sac: [0.000544, 0.0001] },
  'bifurcated 3%-mask-time paper': { sac: [0.000169, 0.9987] },
  'bifurcated stealth-scale paper': { sac: [0.000157, 1], ppo20: [0.000176, 0.9841] },
  'toggle stealth-no-solar paper': { sac: [0.000215, 0.5675] },
  'planned stealth consumption': {},
  'planned stealth ramping': {},
};

interface Tested {
  readonly statistic: number;
  readonly pValue: number;
}

/** What the tests say of one attack. */
export interface StealthRow {
  readonly label: string;
  /** The paper's test, on paired rows. */
  readonly published: Tested;
  /** The repaired one, on the rows and on their first differences. */
  readonly rows: Tested;
  readonly differences: Tested;
}

/**
 * The two-sample tests on what one building's controller was shown, for those attacks of a run that are to be tested.
 * @param permutations of each test
 * @returns yields the share done
 */
export function* stealthRows(
  building: string,
  schema: TelemetrySchema,
  frames: readonly TelemetryFrame[],
  features: readonly Feature[],
  permutations: number,
): Generator<number, readonly StealthRow[], void> {
  const labels = Object.keys(stealthTests).filter((label) =>
    schema.channels.some(({ lane }) => lane === `${building}/${label}`),
  );
  const rows: StealthRow[] = [];
  for (const [i, label] of labels.entries()) {
    const lane = `${building}/${label}`;
    const clean = shown(lane, 'true', schema, frames, features);
    const attacked = shown(lane, 'reported', schema, frames, features);
    const stream = rng(0).split('stealth').split(label);
    const size = features.length;
    const [from, share] = [i / labels.length, 1 / labels.length];
    const published = yield* partOf(
      publishedMmd(clean, attacked, size, { permutations, rng: stream.split('published') }),
      from,
      0.5 * share,
    );
    const blocks = yield* partOf(
      blockMmd(clean, attacked, size, { permutations, rng: stream.split('rows') }),
      from + 0.5 * share,
      0.25 * share,
    );
    const moves = yield* partOf(
      blockMmd(differences(clean, size), differences(attacked, size), size, {
        permutations,
        rng: stream.split('differences'),
      }),
      from + 0.75 * share,
      0.25 * share,
    );
    rows.push({ label, published: tested(published), rows: tested(blocks), differences: tested(moves) });
  }
  return rows;
}

function tested({ statistic, pValue }: Tested): Tested {
  return { statistic, pValue };
}

/** [T×O] what was true, or reported, to a lane's controller, normalised. */
export function shown(
  lane: string,
  kind: 'true' | 'reported',
  schema: TelemetrySchema,
  frames: readonly TelemetryFrame[],
  features: readonly Feature[],
): Float32Array {
  const steps = frames.reduce((sum, frame) => sum + frame.rows, 0);
  const out = new Float32Array(steps * features.length);
  features.forEach((feature, j) => {
    const channel = schema.channels.findIndex(({ name }) => name === `${lane}/${kind}.${feature.name}`);
    let t = 0;
    for (const value of column(channel, frames)) out[t++ * features.length + j] = toNormalised(feature, value);
  });
  return out;
}

/** The values of one channel, step by step. */
export function* column(channel: number, frames: readonly TelemetryFrame[]): Generator<number, void, void> {
  for (const { rows, values } of frames) yield* values.subarray(channel * rows, (channel + 1) * rows);
}
