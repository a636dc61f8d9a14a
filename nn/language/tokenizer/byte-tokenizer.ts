import { UnknownNameError } from '../../../core/errors.ts';
import { firstTextToken } from './tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';
import { utf8Bytes, utf8Text } from './utf8.ts';

/** One token for each byte of UTF-8: V = 259, no training. */
export function byteTokenizer(): Tokenizer {
  const vocabulary = firstTextToken + 256;
  return {
    vocabulary,
    description: { kind: 'byte' },
    encode: (text) => Array.from(utf8Bytes(text), (byte) => firstTextToken + byte),
    decode(ids) {
      const bytes: number[] = [];
      for (const id of ids) {
        assertToken(id, vocabulary);
        if (id >= firstTextToken) bytes.push(id - firstTextToken);
      }
      return utf8Text(bytes);
    },
  };
}

/** @throws {UnknownNameError} when the id is none of this vocabulary. */
export function assertToken(id: number, vocabulary: number): void {
  if (!(Number.isInteger(id) && id >= 0 && id < vocabulary))
    throw new UnknownNameError('token', String(id), [`0 … ${vocabulary - 1}`]);
}
