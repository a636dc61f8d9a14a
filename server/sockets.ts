import type { Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import type { Namespace, Socket } from 'socket.io';
import * as parser from 'socket.io-msgpack-parser';
import { scenarioFrom } from '../core/scenario.ts';
import { schema } from '../evaluation/vocabulary.ts';
import type { Access } from './access.ts';
import type { ControlClientEvents, Problem, TelemetryClientEvents, TelemetryServerEvents } from './events.ts';
import { readCommand, readRunId, readSubscribe } from './messages.ts';
import { ForbiddenError, problemOf, TooManyError } from './problem.ts';
import { Pump } from './pump.ts';
import type { TelemetrySocket } from './pump.ts';
import type { RunManager } from './run-manager.ts';
import type { Store } from './store.ts';

interface SocketOptions {
  readonly http: HttpServer;
  readonly access: Access;
  readonly store: Store;
  readonly manager: RunManager;
  readonly log: (level: 'info' | 'error', fields: object, message: string) => void;
}

/** Messages a socket may send in a burst, and then per second. */
const burst = 60;
const perSecond = 20;
/** Runs one socket may follow at once. */
const maxPumps = 32;

/** The two namespaces of server/events.ts. Anything malformed answers with a Problem; nothing a client sends can throw out of here. */
export function openSockets({ http, access, store, manager, log }: SocketOptions): { close(): Promise<void> } {
  const io = new Server(http, {
    parser: parser as never,
    transports: ['websocket'],
    perMessageDeflate: false,
    maxHttpBufferSize: 1_000_000,
    serveClient: false,
    allowRequest: (request, decide) => decide(null, access.permitsOrigin(request.headers.origin, request.headers.host)),
  });
  const telemetry: Namespace<TelemetryClientEvents, TelemetryServerEvents> = io.of('/telemetry');
  const control: Namespace<ControlClientEvents, TelemetryServerEvents> = io.of('/control');
  for (const namespace of [telemetry, control] as Namespace[]) {
    namespace.use((socket, next) => {
      const sent: unknown = socket.handshake.auth['token'];
      if (access.permits(typeof sent === 'string' ? sent : undefined)) next();
      else next(Object.assign(new ForbiddenError('this server needs its bearer token'), { data: { code: 401 } }));
    });
  }

  telemetry.on('connection', (socket) => {
    const pumps = new Map<string, Pump>();
    const on = listener(socket as Socket, log);
    on('run:subscribe', (request) => {
      const { runId, from = 0, mode = 'all' } = readSubscribe(request);
      const run = store.summary(runId);
      if (pumps.size >= maxPumps && !pumps.has(runId))
        throw new TooManyError(`a socket follows at most ${maxPumps} runs`);
      pumps.get(runId)?.close();
      const pump = new Pump(socket as TelemetrySocket, store, manager, runId, from, mode);
      pumps.set(runId, pump);
      return { answer: { run, schema: store.schema(runId) }, after: () => pump.start() };
    });
    on('run:unsubscribe', (request) => {
      const runId = readRunId(request);
      pumps.get(runId)?.close();
      pumps.delete(runId);
      return { answer: {} };
    });
    on('runs:subscribe', () => {
      void socket.join('runs');
      return { answer: { runs: store.list({ limit: 200 }).runs } };
    });
    const subscription = manager.notices.subscribe((notice) => {
      if (notice.type === 'schema' && pumps.has(notice.runId))
        socket.emit('schema', { runId: notice.runId, schema: notice.schema });
      else if (notice.type === 'progress' && (pumps.has(notice.runId) || socket.rooms.has('runs'))) {
        const { runId, step, totalSteps, stepsPerSecond } = notice;
        socket.emit('progress', { runId, step, totalSteps, stepsPerSecond });
      } else if (notice.type === 'state' && (pumps.has(notice.run.id) || socket.rooms.has('runs')))
        socket.emit('state', notice.run);
    });
    socket.on('disconnect', () => {
      subscription.unsubscribe();
      for (const pump of pumps.values()) pump.close();
      pumps.clear();
    });
  });

  control.on('connection', (socket) => {
    const on = listener(socket as Socket, log);
    on('run:launch', (scenario) => ({ answer: { run: manager.launch(scenarioFrom(scenario, 'scenario', schema)) } }));
    on('run:command', (request) => {
      const { runId, command } = readCommand(request);
      return { answer: { run: manager.command(runId, command) } };
    });
  });

  return {
    async close() {
      telemetry.emit('server:draining');
      io.disconnectSockets(true);
      await io.close();
    },
  };
}

interface Handled {
  readonly answer: object;
  readonly after?: () => void;
}

/**
 * Registers handlers that can be sent anything: the payload may be of any type, the acknowledgement may be missing or something
 * else, the sender may flood. The answer goes to the acknowledgement, a problem without one is an event of its own.
 */
function listener(
  socket: Socket,
  log: SocketOptions['log'],
): (event: string, handle: (payload: unknown) => Handled) => void {
  let tokens = burst;
  let filledAt = performance.now();
  const spend = (): boolean => {
    const now = performance.now();
    tokens = Math.min(burst, tokens + ((now - filledAt) / 1000) * perSecond);
    filledAt = now;
    if (tokens < 1) return false;
    tokens--;
    return true;
  };
  const events = new Set<string>();
  const refuse = (problem: Problem, reply: unknown): void => {
    if (typeof reply === 'function') (reply as (answer: unknown) => void)({ ok: false, problem });
    else socket.emit('problem', problem);
  };
  socket.onAny((event: string, ...args: unknown[]) => {
    if (!events.has(event))
      refuse(
        {
          ...problemOf(new TooManyError('')),
          status: 404,
          title: 'Not found',
          code: 'unknown-event',
          type: 'urn:faultline:problem:unknown-event',
          detail: `unknown event '${event.slice(0, 60)}'; known: ${[...events].join(', ')}`,
        },
        args.at(-1),
      );
  });
  return (event, handle) => {
    events.add(event);
    socket.on(event, (...args: unknown[]) => {
      const reply = args.at(-1);
      const payload = typeof args[0] === 'function' ? undefined : args[0];
      try {
        if (!spend()) throw new TooManyError(`more than ${perSecond} messages a second`);
        const { answer, after } = handle(payload);
        if (typeof reply === 'function') (reply as (answer: unknown) => void)({ ok: true, ...answer });
        after?.();
      } catch (error) {
        const problem = problemOf(error);
        if (problem.status === 500)
          log('error', { event, fault: error instanceof Error ? error.stack : String(error) }, 'socket message failed');
        refuse(problem, reply);
      }
    });
  };
}
