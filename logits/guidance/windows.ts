import { ShapeError } from '../../core/errors.ts';
import { specialTokens } from '../../nn/language/tokenizer/tokenizer.ts';

const { begin, end } = specialTokens;

/**
 * Examples side by side in windows of whole ones: begin, then each with `end` behind it. What a model learns from has to look like the negative prompts
 * that it will read.
 * @param context most tokens of a window  @throws {ShapeError} when one example does not fit.
 */
export function* packedWindows(examples: Iterable<readonly number[]>, context: number): Generator<number[]> {
  let window: number[] = [begin];
  for (const example of examples) {
    if (example.length + 2 > context)
      throw new ShapeError(`window: an example of ${example.length} tokens, expected at most ${context - 2}`);
    if (window.length + example.length + 1 > context) {
      yield window;
      window = [begin];
    }
    window.push(...example, end);
  }
  if (window.length > 1) yield window;
}
