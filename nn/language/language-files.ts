import { z } from 'zod';
import { DocumentError, parseDocumentAs } from '../../core/document.ts';
import { PolicyFileError } from '../../core/errors.ts';
import { sha256Hex } from '../../core/sha256.ts';
import type { Tensorflow } from '../backend/tensorflow.ts';
import { readSafetensors, writeSafetensors } from '../safetensors.ts';
import type { Tensor } from '../safetensors.ts';
import { transformerSchema } from './config.ts';
import type { TransformerConfig } from './config.ts';
import { linearNames, transformerLayout } from './layout.ts';
import { loraLayout } from './lora.ts';
import type { LoraOptions } from './lora.ts';
import { Parameters, sizeOf } from './parameters.ts';
import type { NamedShape } from './parameters.ts';
import { tokenizerDescription, tokenizerOf } from './tokenizer/description.ts';
import type { Tokenizer, TokenizerDescription } from './tokenizer/tokenizer.ts';
import { Transformer } from './transformer.ts';

/** The two files of a language model: language.json and language.safetensors. */
export interface LanguageFiles {
  readonly card: string;
  readonly weights: Uint8Array;
}

/** A model and what turns its tokens into text. */
export interface Language extends Disposable {
  readonly model: Transformer;
  readonly tokenizer: Tokenizer;
}

interface LanguageCard {
  readonly format: 'faultline-language';
  readonly version: 1;
  readonly tokenizer: TokenizerDescription;
  readonly transformer: TransformerConfig;
  readonly lora?: LoraOptions | undefined;
  /** SHA-256 of language.safetensors, hex. */
  readonly weightsSha256: string;
}

const languageCard: z.ZodType<LanguageCard> = z
  .strictObject({
    format: z.literal('faultline-language'),
    version: z.literal(1),
    tokenizer: tokenizerDescription,
    transformer: transformerSchema,
    lora: z
      .strictObject({
        rank: z.int().min(1).max(65_536),
        alpha: z.number(),
        layers: z.int().min(1).optional(),
        targets: z.array(z.enum(linearNames)).min(1).readonly().optional(),
      })
      .optional(),
    weightsSha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hex digits'),
  })
  .superRefine(({ tokenizer, transformer, lora }, context) => {
    const { vocabulary } = tokenizerOf(tokenizer);
    if (vocabulary > transformer.vocabulary)
      context.addIssue({
        code: 'custom',
        path: ['transformer', 'vocabulary'],
        message: `expected at least the tokenizer's ${vocabulary}`,
        input: transformer.vocabulary,
      });
    if ((lora?.layers ?? 1) > transformer.layers)
      context.addIssue({
        code: 'custom',
        path: ['lora', 'layers'],
        message: `expected at most the transformer's ${transformer.layers}`,
        input: lora?.layers,
      });
  });

/** The files of a model in memory. @throws {PolicyFileError} when a weight is not finite or the tokenizer has more tokens than the model. */
export async function saveLanguage(model: Transformer, tokenizer: Tokenizer): Promise<LanguageFiles> {
  const tensors = new Map<string, Tensor>();
  for (const parameters of new Set([model.base, model.trained])) {
    const values = await parameters.read();
    let at = 0;
    for (const { name, shape } of parameters.shapes)
      tensors.set(name, { shape, data: values.subarray(at, (at += sizeOf(shape))) });
  }
  const weights = writeSafetensors(tensors);
  const card: LanguageCard = {
    format: 'faultline-language',
    version: 1,
    tokenizer: tokenizer.description,
    transformer: model.config,
    ...(model.lora && { lora: model.lora }),
    weightsSha256: sha256Hex(weights),
  };
  const text = `${JSON.stringify(card, null, 2)}\n`;
  // What we write must be what we would read.
  parseCard(text, 'language.json');
  readSafetensors(weights, 'language.safetensors');
  return { card: text, weights };
}

/**
 * A model from the contents of its two files.
 * @param label the folder they came from, for messages
 * @throws {PolicyFileError} when either file is damaged or they do not belong together.
 */
export function loadLanguage(tf: Tensorflow, { card: text, weights }: LanguageFiles, label: string): Language {
  const card = parseCard(text, `${label}/language.json`);
  const file = `${label}/language.safetensors`;
  const base = transformerLayout(card.transformer);
  const adapters = card.lora === undefined ? [] : loraLayout(card.transformer, card.lora);
  const tensors = readSafetensors(weights, file);
  const values = [base, adapters].map((shapes) => valuesOf(shapes, tensors, file));
  const known = new Set([...base, ...adapters].map(({ name }) => name));
  const other = [...tensors.keys()].find((name) => !known.has(name));
  if (other !== undefined)
    throw new PolicyFileError('is no weight of this transformer', { place: { file, path: `/${other}` } });
  const hash = sha256Hex(weights);
  if (hash !== card.weightsSha256)
    throw new PolicyFileError(`SHA-256 is ${hash}, expected ${card.weightsSha256} as in language.json`, {
      place: { file },
    });
  const model = new Transformer(
    tf,
    card.transformer,
    Parameters.of(tf, base, values[0]!),
    card.lora && { lora: card.lora, parameters: Parameters.of(tf, adapters, values[1]!) },
  );
  return { model, tokenizer: tokenizerOf(card.tokenizer), [Symbol.dispose]: () => model[Symbol.dispose]() };
}

function valuesOf(shapes: readonly NamedShape[], tensors: ReadonlyMap<string, Tensor>, file: string): Float32Array {
  const values = new Float32Array(shapes.reduce((sum, { shape }) => sum + sizeOf(shape), 0));
  let at = 0;
  for (const { name, shape } of shapes) {
    const tensor = tensors.get(name);
    const got = tensor === undefined ? 'nothing' : `[${tensor.shape.join(', ')}]`;
    const expected = `[${shape.join(', ')}]`;
    if (tensor === undefined || got !== expected)
      throw new PolicyFileError(`got ${got}, expected ${expected}`, { place: { file, path: `/${name}` } });
    values.set(tensor.data, at);
    at += sizeOf(shape);
  }
  return values;
}

function parseCard(text: string, file: string): LanguageCard {
  try {
    return parseDocumentAs(text, file, languageCard);
  } catch (error) {
    if (error instanceof DocumentError) throw new PolicyFileError(error.message.split('\n'), { cause: error });
    throw error;
  }
}
