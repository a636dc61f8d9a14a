import { parentPort, workerData } from 'node:worker_threads';
import { chunkAttack, openLoopVictim } from '../evaluation/attack-batch.ts';
import { faultOf } from './thread-fault.ts';
import { fileWorkspace } from './workspace.ts';
import type { AttackTask, FromAttacker, ToAttacker } from './worker-messages.ts';

/** Attacks the chunks that it is sent, one after the other, until its owner ends it. */
async function work(task: AttackTask, port: NonNullable<typeof parentPort>): Promise<void> {
  const post = (message: FromAttacker): void => port.postMessage(message);
  // What is sent meanwhile waits in the port until someone listens.
  try {
    const source = await fileWorkspace({ roots: null, modelsDir: task.modelsDir }).victim(task.policy);
    const attack = chunkAttack(source.features, openLoopVictim(source), task.attack, task.seed);
    port.on('message', ({ index, chunk, x }: ToAttacker) => {
      try {
        post({ type: 'outcome', index, outcome: attack(x, chunk) });
      } catch (error) {
        post({ type: 'failed', ...faultOf(error) });
      }
    });
  } catch (error) {
    post({ type: 'failed', ...faultOf(error) });
  }
}

if (parentPort !== null) void work(workerData as AttackTask, parentPort);
