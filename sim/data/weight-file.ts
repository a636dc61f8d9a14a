import { readStateDict } from '../../core/state-dict.ts';
import type { StateTensor } from '../../core/state-dict.ts';

/** An LSTM of indoor temperature has some thousands of numbers. */
const limits = { numbers: 1 << 22, wrappers: ['model_state_dict'] };

/** The tensors of a building's weight file, all of them read. @throws {DataError} Source: specs/citylearn.md 7. */
export function readWeights(bytes: Uint8Array, file: string): Map<string, StateTensor> {
  const tensors = readStateDict(bytes, file, limits);
  return new Map(Array.from(tensors, ([name, { shape, data }]) => [name, { shape, data }]));
}
