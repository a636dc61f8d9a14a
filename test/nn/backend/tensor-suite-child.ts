// Runs the tensor suite on one backend in a process of its own, since a device library reads its environment when it is loaded.
// Arguments: backend, 'software' where a software adapter will do, 'essential' for the short list. Prints one line of JSON.
import * as tf from '@tensorflow/tfjs';
import { maxRows, selectBackend } from '../../../nn/backend.ts';
import { compareAdam, compareCase, tensorCases } from './tensor-suite.ts';
import type { Agreement } from './tensor-suite.ts';

export interface SuiteReport {
  readonly device: string;
  readonly cases: readonly Agreement[];
  /** Operations that the device computed, by the backend's own count; undefined where it keeps none. */
  readonly programs: number | undefined;
  readonly adam: { readonly loss: number; readonly parameters: number };
  /** What a tensor above the limit gives: the error, or the numbers that were taken for right. */
  readonly aboveLimit: string;
}

const [name = '', ...wishes] = process.argv.slice(2);
try {
  process.stdout.write(`${JSON.stringify(await run())}\n`);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ refused: error instanceof Error ? error.message : String(error) })}\n`);
}

async function run(): Promise<SuiteReport> {
  using backend = await selectBackend({ force: name, allowSoftware: wishes.includes('software') });
  const key = tf.getBackend();
  const programs = countPrograms();
  const cases: Agreement[] = [];
  for (const test of tensorCases)
    if (test.essential || !wishes.includes('essential')) cases.push(await compareCase(key, test));
  const adam = await compareAdam(key, 1);
  await tf.setBackend(key);
  return {
    device: backend.device,
    cases,
    programs: programs?.(),
    adam,
    aboveLimit: await exceed(maxRows(backend, 512)),
  };
}

function countPrograms(): (() => number) | undefined {
  const backend = tf.backend() as unknown as { runWebGPUProgram?: (...program: unknown[]) => unknown };
  if (backend.runWebGPUProgram === undefined) return undefined;
  const run = backend.runWebGPUProgram.bind(backend);
  let count = 0;
  backend.runWebGPUProgram = (...program) => {
    count++;
    return run(...program);
  };
  return () => count;
}

async function exceed(rows: number): Promise<string> {
  if (rows === Infinity) return 'no limit';
  try {
    const sum = tf.tidy(() =>
      tf
        .zeros([1, 512])
        .tile([rows + 1, 1])
        .sum(),
    );
    return String((await sum.data())[0]);
  } catch (error) {
    return String(error);
  }
}
