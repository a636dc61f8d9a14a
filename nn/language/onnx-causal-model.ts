import type { Tensor2D } from '@tensorflow/tfjs';
import { BackendError, PolicyFileError } from '../../core/errors.ts';
import type { ModuleLoader, Tensorflow } from '../backend/tensorflow.ts';
import type { CausalModel, Decoding } from './causal-model.ts';
import { tokenBatch } from './token-batch.ts';
import { WholeDecoding } from './whole-decoding.ts';

/** As much of `@huggingface/transformers` (4.3) as is used; it is an optional peer and comes as an argument. */
export interface TransformersModule {
  readonly AutoModelForCausalLM: { from_pretrained(id: string, options: object): Promise<CausalLm> };
  readonly AutoTokenizer: { from_pretrained(id: string, options: object): Promise<CausalTokenizer> };
  readonly Tensor: new (type: 'int64', data: BigInt64Array, dims: readonly number[]) => unknown;
}

interface CausalLm {
  (inputs: {
    readonly input_ids: unknown;
    readonly attention_mask: unknown;
  }): Promise<{ readonly logits?: OnnxTensor }>;
  readonly config: Readonly<Record<string, unknown>>;
  dispose(): Promise<unknown>;
}

interface CausalTokenizer {
  encode(text: string, options: { readonly add_special_tokens: boolean }): number[];
  decode(ids: readonly number[], options: { readonly skip_special_tokens: boolean }): string;
}

interface OnnxTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
  to(type: 'float32'): OnnxTensor;
}

/** A causal language model of others, for what needs logits only. */
export interface OnnxCausalModel extends CausalModel {
  readonly tokenizer: { encode(text: string): number[]; decode(ids: readonly number[]): string };
  /** The token that ends a text, where the model names one. */
  readonly end: number | undefined;
}

export interface OnnxModelOptions {
  /** How the weights are stored, as the package calls it: `fp32`. */
  readonly dtype?: string;
  /** Whether what is not there may be downloaded: false. */
  readonly download?: boolean;
}

const packageName = '@huggingface/transformers';

/**
 * Opens a causal language model in ONNX (`config.json`, `tokenizer.json`, `tokenizer_config.json`, `onnx/model.onnx`).
 * @param model its folder, or its name where the package looks for models
 * @param load imports a package by name; a test brings its own
 * @throws {BackendError} when the optional package is not installed.
 * @throws {PolicyFileError} when the model cannot be opened, or computes other logits than [B×T×V].
 */
export async function onnxCausalModel(
  tf: Tensorflow,
  model: string,
  { dtype = 'fp32', download = false }: OnnxModelOptions = {},
  load: ModuleLoader = (name) => import(name),
): Promise<OnnxCausalModel> {
  const library = await transformersModule(load);
  let lm: CausalLm;
  let tokenizer: CausalTokenizer;
  try {
    const options = { dtype, local_files_only: !download };
    tokenizer = await library.AutoTokenizer.from_pretrained(model, options);
    lm = await library.AutoModelForCausalLM.from_pretrained(model, options);
  } catch (cause) {
    throw new PolicyFileError(`the language model cannot be opened: ${reasonOf(cause)}`, {
      place: { file: model },
      cause,
    });
  }
  const vocabulary = size(lm.config, ['vocab_size']);
  if (vocabulary === undefined)
    throw new PolicyFileError('config.json has no vocab_size', { place: { file: model, path: '/vocab_size' } });
  const context = size(lm.config, ['max_position_embeddings', 'n_positions']) ?? Infinity;
  return {
    vocabulary,
    context,
    end: size(lm.config, ['eos_token_id']),
    tokenizer: {
      encode: (text) => tokenizer.encode(text, { add_special_tokens: false }),
      decode: (ids) => tokenizer.decode(ids, { skip_special_tokens: true }),
    },
    decode: (prompts): Promise<Decoding> =>
      WholeDecoding.of(prompts, { vocabulary, context }, (sequences) =>
        lastLogits(tf, library, lm, sequences, vocabulary, model),
      ),
    [Symbol.dispose]: () => void lm.dispose(),
  };
}

/**
 * Logits [B×V] after each sequence. Padding goes behind the tokens: what a causal model says at a token cannot depend on it, however
 * its graph counts positions.
 */
async function lastLogits(
  tf: Tensorflow,
  { Tensor }: TransformersModule,
  lm: CausalLm,
  sequences: readonly (readonly number[])[],
  vocabulary: number,
  file: string,
): Promise<Tensor2D> {
  const { rows, length, ids, valid } = tokenBatch(sequences.map((tokens) => ({ tokens })));
  const int64 = (values: ArrayLike<number>): unknown =>
    new Tensor('int64', BigInt64Array.from(Array.from(values, BigInt)), [rows, length]);
  const { logits } = await lm({ input_ids: int64(ids), attention_mask: int64(valid) });
  const expected = [rows, length, vocabulary];
  if (logits?.dims.join() !== expected.join())
    throw new PolicyFileError(`logits are [${logits?.dims.join('×') ?? ''}], expected [${expected.join('×')}]`, {
      place: { file },
    });
  const { data } = logits.type === 'float32' ? logits : logits.to('float32');
  const last = new Float32Array(rows * vocabulary);
  for (const [row, { length: tokens }] of sequences.entries()) {
    const at = (row * length + tokens - 1) * vocabulary;
    for (let v = 0; v < vocabulary; v++) last[row * vocabulary + v] = data[at + v]!;
  }
  return tf.tensor2d(last, [rows, vocabulary]);
}

async function transformersModule(load: ModuleLoader): Promise<TransformersModule> {
  try {
    return (await load(packageName)) as TransformersModule;
  } catch (cause) {
    throw new BackendError(
      `the optional package ${packageName}, which opens language models in ONNX, cannot be loaded: ${reasonOf(cause)}; ` +
        `npm install ${packageName}`,
      { cause },
    );
  }
}

/** The first of these keys that is a size. */
function size(config: Readonly<Record<string, unknown>>, keys: readonly string[]): number | undefined {
  const value = keys.map((key) => config[key]).find((one) => one !== undefined && one !== null);
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
}
