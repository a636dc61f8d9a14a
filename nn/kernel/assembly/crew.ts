// Tasks that several threads carry out on one memory. Each thread has an instance of this module; the memory is shared.
//
// A task is a list of calls: the code of a function, its arguments in words of 4 bytes, and at the end a 0. `state` holds in its upper half how
// many tasks there are, in its lower half how many have been taken: who takes one adds 1 by compare-and-swap, so that a late thread
// can take no task of a list that is done with, and nobody waits for a thread that has not come. What a task computes does not depend
// on who carries it out.
import { activate, chain } from './activation';
import { gemm } from './gemm';
import { transpose } from './layout';
import { keepListAt } from './row-list';
import { adam, sumRows } from './update';

// Places in the control block; what different threads write lies in different cache lines.
const done: u32 = 64;
const failed: u32 = 128;
/** Address of the table: where each task begins. */
const table: u32 = 192;

/** The state that sends helpers home: no task, of which more than none are taken. */
const ended: u32 = 0xffff;
/** Looks at a word before a thread goes to sleep, about 0.1 ms: the gaps between a learner’s passes are shorter, and waking takes half as long. */
const patience: u32 = 16_000;

/** Carries out the tasks of the table together with whoever helps. Returns 0 when all are done, 1 when a helper failed or was not done after `timeout` ms. */
export function share(control: u32, tasks: u32, timeout: u32): u32 {
  const nanoseconds = (timeout as i64) * 1_000_000;
  atomic.store<u32>(control, 0, done);
  atomic.store<u32>(control, tasks << 16);
  atomic.notify(control, -1);
  while (takeOne(control));
  let looks: u32 = 0;
  let count = atomic.load<u32>(control, done);
  while (count != tasks) {
    if (atomic.load<u32>(control, failed) != 0) return 1;
    if (++looks >= patience && atomic.wait<u32>(control + done, count, nanoseconds) == 2) return 1;
    count = atomic.load<u32>(control, done);
  }
  return 0;
}

/** Helps until it is sent home. @param list an address with room for this thread's list of a row */
export function help(control: u32, list: u32): void {
  keepListAt(list);
  let looks: u32 = 0;
  for (;;) {
    if (takeOne(control)) {
      looks = 0;
      continue;
    }
    const state = atomic.load<u32>(control);
    if (state == ended) return;
    if (state >>> 16 > (state & 0xffff) || ++looks < patience) continue;
    atomic.wait<u32>(control, state, -1);
    looks = 0;
  }
}

/** Takes the next task and carries it out; false when there is none. */
function takeOne(control: u32): bool {
  for (;;) {
    const state = atomic.load<u32>(control);
    const next = state & 0xffff;
    if (next >= state >>> 16) return false;
    if (atomic.cmpxchg<u32>(control, state, state + 1) != state) continue;
    carryOut(load<u32>(load<u32>(control, table) + next * 4));
    // Only the last one is waited for.
    if (atomic.add<u32>(control, 1, done) + 1 == state >>> 16) atomic.notify(control + done, -1);
    return true;
  }
}

/** The codes are the places in `taskCalls` (nn/kernel/task-list.ts), from 1 on. */
function carryOut(at: u32): void {
  for (;;) {
    const code = load<u32>(at);
    if (code == 0) return;
    if (code == 1) {
      gemm(
        load<u32>(at, 4),
        load<u32>(at, 8),
        load<u32>(at, 12),
        load<u32>(at, 16),
        load<u32>(at, 20),
        load<u32>(at, 24),
        load<u32>(at, 28),
        load<u32>(at, 32),
        load<u32>(at, 36),
        load<u32>(at, 40),
        load<u32>(at, 44),
        load<u32>(at, 48),
        load<u32>(at, 52),
        load<u32>(at, 56),
        load<u32>(at, 60),
        load<u32>(at, 64),
      );
      at += 68;
    } else if (code == 2) {
      activate(load<u32>(at, 4), load<u32>(at, 8), load<u32>(at, 12), load<u32>(at, 16));
      at += 20;
    } else if (code == 3) {
      chain(load<u32>(at, 4), load<u32>(at, 8), load<u32>(at, 12), load<u32>(at, 16), load<u32>(at, 20));
      at += 24;
    } else if (code == 4) {
      sumRows(load<u32>(at, 4), load<u32>(at, 8), load<u32>(at, 12), load<u32>(at, 16));
      at += 20;
    } else if (code == 5) {
      transpose(load<u32>(at, 4), load<u32>(at, 8), load<u32>(at, 12), load<u32>(at, 16));
      at += 20;
    } else {
      adam(
        load<u32>(at, 4),
        load<u32>(at, 8),
        load<u32>(at, 12),
        load<u32>(at, 16),
        load<u32>(at, 20),
        load<f32>(at, 24),
        load<f32>(at, 28),
        load<f32>(at, 32),
        load<f32>(at, 36),
        load<f32>(at, 40),
        load<f32>(at, 44),
        load<f32>(at, 48),
        load<f32>(at, 52),
      );
      at += 56;
    }
  }
}
