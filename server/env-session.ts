import { parseValueAs } from '../core/document.ts';
import { FaultlineError, StateError } from '../core/errors.ts';
import { scenarioFrom } from '../core/scenario.ts';
import { schema } from '../evaluation/vocabulary.ts';
import { AskedThread } from './asked-thread.ts';
import type { Problem } from './events.ts';
import { envMessage } from './remote-env.ts';
import type { EnvAnswer, EnvMessage } from './remote-env.ts';
import { openEnv } from './run-thread.ts';
import type { EnvOutcome, EnvTask } from './worker-messages.ts';
import type { FileWorkspace } from './workspace.ts';

/** The thread refused, or ended; the session goes on. */
export class EnvRefusal extends Error {
  readonly problem: Problem;
  /** For the log. */
  readonly fault: string;

  constructor({ problem, fault }: Extract<EnvOutcome, { type: 'problem' }>) {
    super(problem.detail);
    this.problem = problem;
    this.fault = fault;
  }
}

type EnvThread = AskedThread<EnvTask, EnvOutcome>;

/** Threads without a session that are kept: the next one need not wait a second for its own. */
const maxIdle = 2;
/** Longest that one message may take: a reset reads a dataset. */
const timeoutMs = 60_000;

/** Threads of environments: one a session, from its first sound `reset` on. */
export class EnvThreads implements AsyncDisposable {
  readonly #workspace: FileWorkspace;
  readonly #idle: EnvThread[] = [];
  readonly #busy = new Set<EnvThread>();

  constructor(workspace: FileWorkspace) {
    this.#workspace = workspace;
  }

  take(): EnvThread {
    const thread =
      this.#idle.pop() ??
      new AskedThread<EnvTask, EnvOutcome>({
        open: () => openEnv(this.#workspace),
        what: 'messages to an environment',
        maxWaiting: 4,
        timeoutMs,
      });
    this.#busy.add(thread);
    return thread;
  }

  /** Back from a session that is over. */
  async give(thread: EnvThread): Promise<void> {
    try {
      await thread.ask(() => ({ type: 'forget' }));
    } catch {
      // it ended: asked again, it starts anew
    }
    if (!this.#busy.delete(thread)) return; // all were disposed of meanwhile
    if (this.#idle.length < maxIdle) this.#idle.push(thread);
    else await thread[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#idle.splice(0), ...this.#busy];
    this.#busy.clear();
    await Promise.all(all.map((thread) => thread[Symbol.asyncDispose]()));
  }
}

/** One client of `/env/ws`. What is not sound is refused here; a thread is taken for what is. */
export class EnvSession implements Disposable {
  readonly #threads: EnvThreads;
  #thread: EnvThread | undefined;
  #over = false;

  constructor(threads: EnvThreads) {
    this.#threads = threads;
  }

  /** @throws {EnvRefusal} what the thread refuses; a FaultlineError for what is not sound */
  async answer(sent: unknown): Promise<EnvAnswer> {
    const message = parseValueAs(sent, 'message', envMessage);
    if (this.#over) throw new StateError('the session is over');
    if (message.type === 'close') return { type: 'closed', data: {} };
    if (message.type === 'reset') {
      scenarioFrom(message.data.scenario, 'scenario', schema);
      this.#thread ??= this.#threads.take();
    }
    if (this.#thread === undefined) {
      if (message.type === 'step') throw new StateError('nothing to step: send reset first');
      return { type: 'state', data: { episode_id: '0', step_count: 0 } };
    }
    const outcome = await this.#ask(this.#thread, message);
    if (outcome.type === 'problem') throw new EnvRefusal(outcome);
    if (outcome.type === 'forgotten') throw new StateError('the session is over');
    return outcome.answer;
  }

  async #ask(thread: EnvThread, message: EnvMessage): Promise<EnvOutcome> {
    try {
      return await thread.ask(() => ({ type: 'ask', message }));
    } catch (cause) {
      if (cause instanceof FaultlineError) throw cause;
      const limit = `took longer than ${timeoutMs / 1000} s or too much memory, and is gone: send reset`;
      throw new StateError(`the environment ${limit}`, { cause });
    }
  }

  [Symbol.dispose](): void {
    this.#over = true;
    if (this.#thread !== undefined) void this.#threads.give(this.#thread);
    this.#thread = undefined;
  }
}
