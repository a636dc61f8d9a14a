import { ConfigError } from '../../../core/errors.ts';

/** A stage of under-frequency load shedding: Hz, and the share of the load that it sheds. */
export interface SheddingStage {
  readonly threshold: number;
  readonly share: number;
}

/**
 * When stages are picked up. By frequency alone; or by the time that is left until a limit at the present slope, `M = (f_limit − f)/f'`, s: both below their settings
 * (`L`), or inside of the ellipse `((f − f_limit)/(f_k − f_limit))² + (M/M_k)² < 1`.
 */
export type PickUp =
  | { readonly by: 'frequency' }
  | {
      readonly by: 'margin';
      readonly shape: 'L' | 'ellipse';
      readonly limit: number;
      /** [stages] s */
      readonly margins: readonly number[];
    };

/** Under-frequency load shedding. Each stage trips once, `delay` s (relay and breaker) after it was picked up, unless what it was picked up for has gone before. */
export interface SheddingScheme {
  readonly stages: readonly SheddingStage[];
  readonly delay: number;
  readonly pickUp: PickUp;
}

/** A scheme without stages. */
export const noShedding: SheddingScheme = { stages: [], delay: 0, pickUp: { by: 'frequency' } };

/** Schemes by name. Sources: specs/grid.md 4.3 */
export const sheddingSchemes: Readonly<Record<string, SheddingScheme>> = {
  none: noShedding,
  // Reg. (EU) 2017/2196: mandatory levels of the continental area, at most 10 % each; the six here make 45 %.
  ce: {
    stages: [
      [49, 0.075],
      [48.8, 0.075],
      [48.6, 0.075],
      [48.4, 0.075],
      [48.2, 0.075],
      [48, 0.075],
    ].map(([threshold, share]) => ({ threshold: threshold!, share: share! })),
    delay: 0.15,
    pickUp: { by: 'frequency' },
  },
  // NOGRR247, from 1 October 2026.
  ercot: {
    stages: [59.3, 59.1, 58.9, 58.7, 58.5].map((threshold) => ({ threshold, share: 0.05 })),
    delay: 0.1,
    pickUp: { by: 'frequency' },
  },
  // CRESYM/colib's test scheme.
  colib: {
    stages: [49, 48.8, 48.6, 48.4, 48.2, 48].map((threshold) => ({ threshold, share: 0.1 })),
    delay: 0.1,
    pickUp: { by: 'frequency' },
  },
};

/** @throws {ConfigError} for shares beyond 1, or as many margins as there are no stages */
export function checkScheme({ stages, delay, pickUp }: SheddingScheme): void {
  const total = stages.reduce((sum, { share }) => sum + share, 0);
  if (stages.some(({ share }) => !(share > 0)) || total > 1 + 1e-12)
    throw new ConfigError(`shedding: shares add up to ${total}, expected shares above 0 and at most 1 in all`);
  if (!(delay >= 0)) throw new ConfigError(`shedding: delay is ${delay}, expected seconds from 0`);
  if (pickUp.by === 'margin' && pickUp.margins.length !== stages.length)
    throw new ConfigError(`shedding: ${pickUp.margins.length} margins for ${stages.length} stages`);
}

/** Below 0 while a stage is picked up. @param f Hz @param slope Hz/s */
export function pickUpValue({ stages, pickUp }: SheddingScheme, stage: number, f: number, slope: number): number {
  const { threshold } = stages[stage]!;
  if (pickUp.by === 'frequency') return f - threshold;
  const margin = slope < 0 ? (pickUp.limit - f) / slope : Infinity;
  const setting = pickUp.margins[stage]!;
  if (pickUp.shape === 'L') return Math.max(f - threshold, margin - setting);
  const [x, y] = [(f - pickUp.limit) / (threshold - pickUp.limit), margin / setting];
  return x * x + y * y - 1;
}
