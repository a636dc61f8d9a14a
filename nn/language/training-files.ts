import { z } from 'zod';
import { DocumentError, parseDocumentAs } from '../../core/document.ts';
import { PolicyFileError } from '../../core/errors.ts';
import { sha256Hex } from '../../core/sha256.ts';
import { readSafetensors, writeSafetensors } from '../safetensors.ts';
import type { TrainingCheckpoint } from './trainer.ts';

/** The two files of an unfinished training: training.json and training.safetensors. */
export interface TrainingFiles {
  readonly state: string;
  readonly tensors: Uint8Array;
}

const trainingState = z.strictObject({
  format: z.literal('faultline-language-training'),
  version: z.literal(1),
  step: z.int().min(0),
  tensorsSha256: z.string(),
});

const tensorNames = ['weights', 'mean', 'square'] as const;

/** @throws {PolicyFileError} when a number of the checkpoint is not finite. */
export function trainingFiles(checkpoint: TrainingCheckpoint): TrainingFiles {
  const tensors = writeSafetensors(
    new Map(tensorNames.map((name) => [name, { shape: [checkpoint[name].length], data: checkpoint[name] }])),
  );
  readSafetensors(tensors, 'training.safetensors');
  const state: z.infer<typeof trainingState> = {
    format: 'faultline-language-training',
    version: 1,
    step: checkpoint.step,
    tensorsSha256: sha256Hex(tensors),
  };
  return { state: `${JSON.stringify(state, null, 2)}\n`, tensors };
}

/**
 * @param label the folder they came from, for messages
 * @throws {PolicyFileError} when either file is damaged or they do not belong together.
 */
export function readTrainingFiles({ state: text, tensors }: TrainingFiles, label: string): TrainingCheckpoint {
  const file = `${label}/training.safetensors`;
  const { step, tensorsSha256 } = parseState(text, `${label}/training.json`);
  const found = readSafetensors(tensors, file);
  const [weights, mean, square] = tensorNames.map((name) => {
    const tensor = found.get(name);
    if (tensor === undefined) throw new PolicyFileError('is not there', { place: { file, path: `/${name}` } });
    return tensor.data;
  }) as [Float32Array, Float32Array, Float32Array];
  const hash = sha256Hex(tensors);
  if (hash !== tensorsSha256)
    throw new PolicyFileError(`SHA-256 is ${hash}, expected ${tensorsSha256} as in training.json`, { place: { file } });
  return { step, weights, mean, square };
}

function parseState(text: string, file: string): z.infer<typeof trainingState> {
  try {
    return parseDocumentAs(text, file, trainingState);
  } catch (error) {
    if (error instanceof DocumentError) throw new PolicyFileError(error.message.split('\n'), { cause: error });
    throw error;
  }
}
