import type { Socket } from 'socket.io';
import { assertShallow } from './nesting.ts';
import { NotFoundError, problemOf, TooManyError } from './problem.ts';

export type Log = (level: 'info' | 'error', fields: object, message: string) => void;

export interface Handled {
  readonly answer: object;
  /** What follows once the answer is on its way. */
  readonly after?: () => void;
}

type Handle = (payload: unknown) => Handled | Promise<Handled>;

/** Messages a socket may send in a burst, and then per second. */
const burst = 60;
const perSecond = 20;
/** Refusals after which a flooding socket is closed: answering each would fill our memory instead of its own. */
const patience = 200;

/**
 * Registers handlers that can be sent anything: the payload may be of any type, the acknowledgement may be missing, the event
 * unknown or not even a name, the sender may flood. The answer goes to the acknowledgement; a problem without one is an event of
 * its own. The msgpack parser checks nothing of an event but that its data is an array.
 */
export function listener(socket: Socket, log: Log): (event: string, handle: Handle) => void {
  const handlers = new Map<unknown, Handle>();
  const bucket = tokenBucket(burst, perSecond);
  let refused = 0;
  socket.onAny((...message: unknown[]) => {
    const last = message.at(-1);
    const reply = typeof last === 'function' ? (last as (answer: object) => void) : undefined;
    const [event, payload] = reply === undefined ? message : message.slice(0, -1);
    const say = ({ answer, after }: Handled): void => {
      reply?.({ ok: true, ...answer });
      after?.();
    };
    const refuse = (error: unknown): void => {
      const problem = problemOf(error);
      if (problem.status >= 500)
        log('error', { event: show(event), fault: error instanceof Error ? error.stack : error }, 'message failed');
      if (problem.status === 429 && ++refused > patience) {
        socket.disconnect(true);
        return;
      }
      if (reply === undefined) socket.emit('problem', problem);
      else reply({ ok: false, problem });
    };
    try {
      if (!bucket()) throw new TooManyError(`more than ${perSecond} messages a second`);
      const handle = handlers.get(event);
      if (handle === undefined)
        throw new NotFoundError(`unknown event ${show(event)}; known: ${[...handlers.keys()].join(', ')}`);
      assertShallow(payload);
      const handled = handle(payload);
      // What can be answered at once is: a later message must not overtake it.
      if (handled instanceof Promise) handled.then(say).catch(refuse);
      else say(handled);
    } catch (error) {
      refuse(error);
    }
  });
  return (event, handle) => void handlers.set(event, handle);
}

function tokenBucket(size: number, perSecond: number): () => boolean {
  let tokens = size;
  let filledAt = performance.now();
  return () => {
    const now = performance.now();
    tokens = Math.min(size, tokens + ((now - filledAt) / 1000) * perSecond);
    filledAt = now;
    if (tokens < 1) return false;
    tokens--;
    return true;
  };
}

function show(event: unknown): string {
  return typeof event === 'string' ? `'${event.slice(0, 60)}'` : `of type ${typeof event}`;
}
