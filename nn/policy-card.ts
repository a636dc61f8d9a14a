import { z } from 'zod';
import { DocumentError, parseDocumentAs, parseValueAs } from '../core/document.ts';
import { PolicyFileError } from '../core/errors.ts';
import { headActions, headOutputs } from '../core/policy.ts';
import type { Activation, Head, PolicyCard } from '../core/policy.ts';
import { activationNames } from './activation.ts';

const feature = z
  .strictObject({ name: z.string().min(1), unit: z.string(), low: z.number(), high: z.number() })
  .readonly();
const bounds = z.array(z.number()).min(1).readonly();
const features = z.array(feature).min(1).readonly();
const interval = { low: bounds, high: bounds };

const normaliser = z
  .strictObject({
    mean: bounds,
    variance: z.array(z.number().min(0)).min(1).readonly(),
    epsilon: z.number().min(0),
    clip: z.number().positive(),
  })
  .readonly();

const head = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('categorical'), values: bounds }),
  z.strictObject({ kind: z.literal('squashed-gaussian'), ...interval }),
  z.strictObject({ kind: z.literal('gaussian'), ...interval }),
  z.strictObject({ kind: z.literal('deterministic'), ...interval }),
]);

const layer = z
  .strictObject({
    inputs: z.int().min(1),
    outputs: z.int().min(1),
    activation: z.enum(activationNames as readonly [Activation, ...Activation[]]),
  })
  .readonly();

const policyCard: z.ZodType<PolicyCard> = z
  .strictObject({
    format: z.literal('faultline-policy'),
    version: z.literal(1),
    name: z.string().min(1),
    observation: z.strictObject({ features, normalisation: z.string(), normaliser: normaliser.optional() }),
    action: z.strictObject({ features }),
    head,
    layers: z.array(layer).min(1).max(64).readonly(),
    weightsSha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hex digits'),
  })
  .superRefine((card, context) => {
    if (card.layers.length === 0) return; // said already
    const require = (got: number, expected: number, path: (string | number)[], what: string): void => {
      if (got !== expected)
        context.addIssue({ code: 'custom', path, message: `${what}: got ${got}, expected ${expected}`, input: got });
    };
    if (card.head.kind !== 'categorical') {
      require(card.head.high.length, card.head.low.length, ['head', 'high'], 'number of upper bounds');
      for (const [index, low] of card.head.low.entries()) {
        const high = card.head.high[index];
        if (high !== undefined && !(low < high))
          context.addIssue({
            code: 'custom',
            path: ['head', 'high', index],
            message: `expected more than low (${low})`,
          });
      }
    }
    require(card.action.features.length, headActions(card.head), ['action', 'features'], 'number of action components');
    require(card.layers[0]!.inputs, card.observation.features.length, [
      'layers',
      0,
      'inputs',
    ], 'inputs of the first layer');
    const inputs = card.observation.features.length;
    const { normaliser } = card.observation;
    if (normaliser !== undefined) {
      require(normaliser.mean.length, inputs, ['observation', 'normaliser', 'mean'], 'number of means');
      require(normaliser.variance.length, inputs, ['observation', 'normaliser', 'variance'], 'number of variances');
      for (const [index, variance] of normaliser.variance.entries()) {
        if (variance + normaliser.epsilon === 0)
          context.addIssue({
            code: 'custom',
            path: ['observation', 'normaliser', 'variance', index],
            message: 'expected a positive number where epsilon is 0',
          });
      }
    }
    for (const [index, current] of card.layers.entries()) {
      if (index > 0)
        require(current.inputs, card.layers[index - 1]!.outputs, ['layers', index, 'inputs'], 'inputs of a layer');
    }
    const outputs = card.layers.at(-1)!.outputs;
    if (!headReads(card.head, outputs))
      require(outputs, headOutputs(card.head), [
        'layers',
        card.layers.length - 1,
        'outputs',
      ], 'outputs of the last layer');
  });

/** Whether a head can read this many outputs: a plain Gaussian may leave its log standard deviations away. */
export function headReads(head: Head, outputs: number): boolean {
  return outputs === headOutputs(head) || (head.kind === 'gaussian' && outputs === headActions(head));
}

/**
 * Parses and checks a policy.json.
 * @throws {PolicyFileError} with `file:line:column /path` of everything that is wrong.
 */
export function parsePolicyCard(text: string, file: string): PolicyCard {
  return asPolicyFile(() => parseDocumentAs(text, file, policyCard));
}

/** Checks a card that is no text yet, at a fraction of the time and memory. @throws {PolicyFileError} with `file /path` of everything that is wrong. */
export function assertPolicyCard(card: unknown, file: string): void {
  asPolicyFile(() => parseValueAs(card, file, policyCard));
}

function asPolicyFile<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof DocumentError) throw new PolicyFileError(error.message.split('\n'), { cause: error });
    throw error;
  }
}
