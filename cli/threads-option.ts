import { availableParallelism } from 'node:os';
import { Option } from '@commander-js/extra-typings';
import { integer } from './arguments.ts';

/** More threads than these find no work in a minibatch. */
const most = 8;

/** `--threads N`, or else FAULTLINE_THREADS: threads of one training's networks, on which no bit depends. */
export function threadsOption(): Option<'--threads <n>', undefined, undefined, number> {
  return new Option(
    '--threads <n>',
    `threads of one training’s networks, for the same bits; without it the cores, shared among the workers, ${most} at most`,
  )
    .env('FAULTLINE_THREADS')
    .argParser(integer('--threads', 1, 64));
}

/** What was asked for, or what the machine has for each of the trainings at a time. */
export function threadsOf(asked: number | undefined, workers: number): number {
  return asked ?? Math.min(most, Math.max(1, Math.floor(availableParallelism() / workers)));
}
