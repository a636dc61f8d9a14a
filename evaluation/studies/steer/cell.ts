import { rng } from '../../../core/rng.ts';
import type { Rng } from '../../../core/rng.ts';
import { repetition } from '../../../logits/guidance/metric/normalised-ngrams.ts';
import type { Repetition } from '../../../logits/guidance/metric/normalised-ngrams.ts';
import { selectBackend } from '../../../nn/backend.ts';
import type { Tensorflow } from '../../../nn/backend/tensorflow.ts';
import type { Tokenizer } from '../../../nn/language/tokenizer/tokenizer.ts';
import type { Transformer } from '../../../nn/language/transformer.ts';
import { baseLines, expertLines, tokenizerOver } from './corpus.ts';
import { decoded, decoderName } from './decoders.ts';
import type { Decoder, Workshop } from './decoders.ts';
import { generic } from './domains.ts';
import type { DomainName } from './domains.ts';
import { coherentLine, coherentLines } from './grammar.ts';
import type { Grammar } from './grammar.ts';
import { world } from './ground.ts';
import type { Ground, Lesson } from './ground.ts';
import { judge } from './judge.ts';
import type { DomainFigures } from './judge.ts';
import { featuresOf, likeness } from './likeness.ts';
import type { Likeness } from './likeness.ts';
import { fineTuned, trainedBase } from './models.ts';

/** One expert, and the ways to decode from it. */
export interface Task {
  readonly id: string;
  readonly domain: DomainName;
  readonly lesson: Lesson;
  readonly decoders: readonly Decoder[];
  /** Texts of a set. */
  readonly count: number;
  /** Whether sets are compared with real texts too. */
  readonly compared: boolean;
}

/** What one set came to. */
export interface SetFigures extends DomainFigures, Repetition {
  readonly decoder: string;
  /** null where it was not asked for, or the set is too broken to be compared. */
  readonly likeness: Likeness | null;
  /** The first texts. */
  readonly sample: readonly string[];
}

export interface TaskFigures {
  readonly id: string;
  readonly sets: readonly SetFigures[];
}

/** Tokens to which every set is cut before repetition is counted. */
const cutTokens = 512;
const shown = 3;

/** Trains one seed's base and all its experts, and decodes from each in every way. */
export async function cell(
  seed: number,
  ground: Ground,
  tasks: readonly Task[],
  progress: (done: number) => void,
): Promise<TaskFigures[]> {
  using backend = await selectBackend({ force: 'wasm' });
  const { tf } = backend;
  const random = rng(seed).split('steer');
  const grammars = world(ground, random.split('world'));
  const every = Object.values(grammars);
  const tokenizer = tokenizerOver([...every, ...generic]);
  const { steps } = ground;
  const read = baseLines(generic, every, ground);
  using base = await trainedBase(tf, tokenizer, read, steps.base, random.split('base'), (done) =>
    progress(baseShare * done),
  );
  const out: TaskFigures[] = [];
  for (const [at, task] of tasks.entries()) {
    const grammar = grammars[task.domain]!;
    const stream = random.split('task').split(task.id);
    const examples = coherentLines(grammar, task.lesson.examples, stream.split('examples'));
    const lines = expertLines(examples, generic, task.lesson.leak);
    using expert = await fineTuned(base, tokenizer, lines, steps.expert, stream.split('expert'));
    const sets = await setsOf(tf, { task, grammar, examples, tokenizer, expert, base }, stream, (done) =>
      progress(baseShare + ((1 - baseShare) * (at + 0.3 + 0.7 * done)) / tasks.length),
    );
    out.push({ id: task.id, sets });
  }
  return out;
}

/** About what part of a cell's time the base takes. */
const baseShare = 0.5;

interface Bench {
  readonly task: Task;
  readonly grammar: Grammar;
  readonly examples: readonly string[];
  readonly tokenizer: Tokenizer;
  readonly expert: Transformer;
  readonly base: Transformer;
}

async function setsOf(
  tf: Tensorflow,
  { task, grammar, examples, tokenizer, expert, base }: Bench,
  stream: Rng,
  progress: (done: number) => void,
): Promise<SetFigures[]> {
  const workshop: Workshop = {
    tf,
    expert,
    base,
    real: examples.map((line) => tokenizer.encode(line)),
    count: task.count,
  };
  const known = new Set(examples);
  const held = stream.split('held out');
  // Real texts that no model has read; twice as many, so that the second half says what is the best that can be expected.
  const unread = Array.from({ length: 2 * task.count }, () => tokenizer.encode(coherentLine(grammar, held)));
  const real = task.compared ? await featuresOf(base, unread.slice(0, task.count)) : [];
  const figures = async (decoder: string, texts: readonly (readonly number[])[]): Promise<SetFigures> => {
    const lines = texts.map((text) => tokenizer.decode(text));
    return {
      decoder,
      ...judge(grammar, lines, known),
      ...repetition(texts, cutTokens),
      likeness: task.compared ? likeness(real, await featuresOf(base, texts), stream.split('likeness')) : null,
      sample: lines.slice(0, shown),
    };
  };
  const sets = [await figures('real', unread.slice(task.count))];
  for (const [at, decoder] of task.decoders.entries()) {
    sets.push(await figures(decoderName(decoder), await decoded(decoder, workshop, stream.split('decoding'))));
    progress((at + 1) / task.decoders.length);
  }
  return sets;
}
