import type { Tensor2D } from '@tensorflow/tfjs';
import { ConfigError } from '../../core/errors.ts';
import type { Rng } from '../../core/rng.ts';
import type { Tensorflow } from '../../nn/backend/tensorflow.ts';
import type { CausalModel } from '../../nn/language/causal-model.ts';
import { generate } from '../../nn/language/generate.ts';
import type { Generation, GenerationOptions, LogitsProcessor } from '../../nn/language/generate.ts';
import { steerScores } from './scores.ts';
import { assertSetting } from './setting.ts';
import type { SteerSetting } from './setting.ts';

/** What is steered by what. */
export interface SteeredModels {
  /** f: what was fine-tuned for the domain. */
  readonly expert: CausalModel;
  /** b: what it was fine-tuned from, of the same vocabulary. */
  readonly base: CausalModel;
}

/** Prompt `x` and negative prompt `n` of one text to be made. */
export interface SteeredPrompt {
  readonly prompt: readonly number[];
  /** Examples to keep away from; the expert reads them and then the generated tokens. Not read where η is 0. */
  readonly negative: readonly number[];
}

/**
 * Continues prompts by `steerScores`. All three branches keep their keys and values and advance by the generated tokens. With γ = η = ρ = 0
 * it is `generate` of the expert, token by token; the models that a weight of 0 leaves out are not asked.
 * @throws {ConfigError} when a setting is out of range, the vocabularies differ, or a negative prompt leaves no room for `maxTokens`.
 */
export async function steer(
  tf: Tensorflow,
  { expert, base }: SteeredModels,
  prompts: readonly SteeredPrompt[],
  setting: SteerSetting,
  options: Omit<GenerationOptions, 'process'>,
  rng: Rng,
): Promise<Generation[]> {
  assertSetting(setting);
  if (expert.vocabulary !== base.vocabulary)
    throw new ConfigError(`steer: the base has ${base.vocabulary} tokens, expected the expert's ${expert.vocabulary}`);
  const positive = prompts.map(({ prompt }) => prompt);
  if (setting.eta > 0) assertRoom(prompts, options.maxTokens, expert.context);
  using baseBranch = setting.gamma > 0 ? await base.decode(positive) : undefined;
  using negativeBranch = setting.eta > 0 ? await expert.decode(prompts.map(({ negative }) => negative)) : undefined;
  const process: LogitsProcessor = async (logits, _prefixes, last) => {
    if (last !== undefined) {
      await baseBranch?.advance(last);
      await negativeBranch?.advance(last);
    }
    const sources = { expert: logits, base: baseBranch?.logits, negative: negativeBranch?.logits };
    return steerScores(tf, sources, setting) as Tensor2D;
  };
  return await generate(expert, positive, { ...options, process }, rng);
}

/** The last generated token is not read by any branch. */
function assertRoom(prompts: readonly SteeredPrompt[], maxTokens: number, context: number): void {
  const longest = Math.max(...prompts.map(({ negative }) => negative.length));
  if (longest + maxTokens - 1 > context)
    throw new ConfigError(
      `steer: a negative prompt of ${longest} tokens and ${maxTokens} to generate, expected at most the context, ${context}, together`,
    );
}
