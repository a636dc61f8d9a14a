import { z } from 'zod';
import { parseValueAs } from '../../core/document.ts';

/** The shape of a decoder-only transformer. */
export interface TransformerConfig {
  /** V, tokens. */
  readonly vocabulary: number;
  /** Most tokens of a sequence. */
  readonly context: number;
  /** d, values of a token's state. */
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
  /** Values inside the MLP of a layer: 4·d. */
  readonly hidden: number;
  readonly norm: 'layer' | 'rms';
  readonly positions: 'learned' | 'rotary';
  readonly activation: 'gelu' | 'silu';
  /** Whether the head is the embedding. */
  readonly tied: boolean;
}

const size = z.int().min(1).max(65_536);

const shape = {
  vocabulary: z
    .int()
    .min(2)
    .max(2 ** 21),
  context: size,
  width: size,
  heads: size,
  layers: z.int().min(1).max(256),
  norm: z.enum(['layer', 'rms']),
  positions: z.enum(['learned', 'rotary']),
  activation: z.enum(['gelu', 'silu']),
  tied: z.boolean(),
};

/** A whole config, as a file has it. */
export const transformerSchema: z.ZodType<TransformerConfig> = z
  .strictObject({ ...shape, hidden: size })
  .superRefine(({ width, heads, positions }, context) => {
    const wrong = (message: string): void =>
      context.addIssue({ code: 'custom', path: ['heads'], message, input: heads });
    if (width % heads !== 0) wrong(`expected a divisor of the width, ${width}`);
    else if (positions === 'rotary' && (width / heads) % 2 !== 0)
      wrong(`rotary positions turn pairs of values: expected heads of even width, they have ${width / heads}`);
  });

/**
 * A config with what is usual where nothing is said: 4 times the width inside the MLP, layer norm, learned positions, GELU, tied head.
 * @throws {ConfigError} with everything that is wrong.
 */
export function transformerConfig(
  given: Pick<TransformerConfig, 'vocabulary' | 'context' | 'width' | 'heads' | 'layers'> & Partial<TransformerConfig>,
): TransformerConfig {
  const usual = { hidden: 4 * given.width, norm: 'layer', positions: 'learned', activation: 'gelu', tied: true };
  return parseValueAs({ ...usual, ...given }, 'transformer', transformerSchema);
}
