import type { Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import type { Namespace, Socket } from 'socket.io';
import { StateError } from '../core/errors.ts';
import { scenarioFrom } from '../core/scenario.ts';
import { schema } from '../evaluation/vocabulary.ts';
import type { Access, Scope, Scopes } from './access.ts';
import { backlog } from './backlog.ts';
import type { ControlClientEvents, TelemetryClientEvents, TelemetryServerEvents } from './events.ts';
import { SharedExtremes } from './extremes.ts';
import { readCommand, readRunId, readSubscribe } from './messages.ts';
import type { Metrics } from './metrics.ts';
import { NoteFeed } from './note-feed.ts';
import { FramesMessages, parser } from './packets.ts';
import { ForbiddenError, TooManyError, UnauthorizedError } from './problem.ts';
import { maxWaiting, Pump } from './pump.ts';
import type { PumpSource, TelemetrySocket } from './pump.ts';
import type { RunManager } from './run-manager.ts';
import type { RunNotice } from './run-notice.ts';
import { listener } from './socket-listener.ts';
import type { Handled, Log } from './socket-listener.ts';
import type { Store } from './store.ts';

interface SocketOptions {
  readonly http: HttpServer;
  readonly access: Access;
  readonly store: Store;
  readonly manager: RunManager;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Runs one socket may follow at once. */
const maxPumps = 32;
/** Newest runs that a list starts with. */
const listed = 200;

/** The two namespaces of server/events.ts. Anything malformed answers with a Problem; nothing a client sends can throw out of here. */
export function openSockets(options: SocketOptions): {
  /** Ends the sockets whose token allows no more what they were opened for. */
  recheck(): void;
  /** Says `server:draining`, so that clients know to come back. */
  drain(): void;
  close(): Promise<void>;
} {
  const { http, access, manager, metrics, log } = options;
  const io = new Server(http, {
    parser: parser as never,
    transports: ['websocket'],
    perMessageDeflate: false,
    maxHttpBufferSize: 1_000_000,
    serveClient: false,
    destroyUpgrade: false, // other paths have their own listener (env-socket.ts), which refuses what is nobody's
    allowRequest: (request, decide) => decide(null, access.permitsOrigin(request.headers.origin, request.headers.host)),
  });
  const telemetry: Namespace<TelemetryClientEvents, TelemetryServerEvents> = io.of('/telemetry');
  const control: Namespace<ControlClientEvents, TelemetryServerEvents> = io.of('/control');
  const scopesOf = (socket: Socket): Scopes | undefined => {
    const sent: unknown = socket.handshake.auth['token'];
    return access.scopes(typeof sent === 'string' ? sent : undefined);
  };
  const rechecks: (() => void)[] = [];
  const needs = (namespace: Namespace, scope: Scope): void => {
    rechecks.push(() => {
      for (const socket of namespace.sockets.values())
        if (scopesOf(socket)?.has(scope) !== true) socket.disconnect(true);
    });
    namespace.use((socket, next) => {
      const scopes = scopesOf(socket);
      if (scopes?.has(scope) === true) next();
      else if (scopes === undefined) next(refused(new UnauthorizedError('this server needs its bearer token'), 401));
      else next(refused(new ForbiddenError(`this needs a token of scope '${scope}'`), 403));
    });
  };
  for (const namespace of [telemetry, control] as Namespace[])
    namespace.on('connection', (socket) => {
      metrics.socket(namespace.name, 1);
      socket.on('disconnect', () => metrics.socket(namespace.name, -1));
    });
  needs(telemetry as Namespace, 'read');
  needs(control as Namespace, 'run');
  const shared = { messages: new FramesMessages(), extremes: new SharedExtremes() };
  telemetry.on('connection', (socket) => read(socket, options, shared));
  control.on('connection', (socket) => {
    const on = listener(socket as Socket, log);
    on('run:launch', (scenario) => ({ answer: { run: manager.launch(scenarioFrom(scenario, 'scenario', schema)) } }));
    on('run:command', (request) => {
      const { runId, command } = readCommand(request);
      const run = manager.command(runId, command);
      return run instanceof Promise ? run.then((run) => ({ answer: { run } })) : { answer: { run } };
    });
  });
  return {
    recheck: () => rechecks.forEach((recheck) => recheck()),
    drain() {
      telemetry.emit('server:draining');
      control.emit('server:draining');
    },
    async close() {
      io.disconnectSockets(true);
      await io.close();
    },
  };
}

/** What socket.io sends of a refused handshake: the message and `data`. */
function refused(error: Error, code: number): Error {
  return Object.assign(error, { data: { code } });
}

/** One socket of `/telemetry`: the runs it follows, and the list when it asked for it. */
function read(
  socket: TelemetrySocket,
  { store, manager, metrics, log }: SocketOptions,
  shared: Required<Pick<PumpSource, 'messages' | 'extremes'>>,
): void {
  const source: PumpSource = { store, notices: manager.notices, sent: metrics.sent, ...shared };
  const pumps = new Map<string, Pump>();
  const notes = new NoteFeed(socket, store.notes, maxPumps);
  /** Number of the last subscription to a run: one that was overtaken while its frames came back from a file is void. */
  const asked = new Map<string, number>();
  for (const emitter of [socket.conn, socket.conn.transport]) emitter.setMaxListeners(maxPumps + 10); // each pump waits for it to drain
  let list = false;
  const on = listener(socket as Socket, log);
  on('run:subscribe', (request) => {
    const { runId, from = 0, mode = 'all', maxHz, eventsFrom = 0 } = readSubscribe(request);
    const { scenario: _scenario, result: _result, schema, ...run } = store.detail(runId);
    for (const [id, pump] of pumps) if (pump.closed) pumps.delete(id);
    if (pumps.size >= maxPumps && !pumps.has(runId))
      throw new TooManyError(`a socket follows at most ${maxPumps} runs`);
    pumps.get(runId)?.close();
    pumps.delete(runId);
    const mine = (asked.get(runId) ?? 0) + 1;
    asked.set(runId, mine);
    const begin = (frames: Disposable): Handled => {
      if (!socket.connected || asked.get(runId) !== mine) {
        frames[Symbol.dispose]();
        throw new StateError('another request for this run came meanwhile');
      }
      const pump = new Pump(socket, source, runId, { from, mode, maxHz }, frames);
      pumps.set(runId, pump);
      const after = (): void => {
        pump.start();
        notes.follow(runId, eventsFrom);
      };
      return { answer: { run, schema }, after };
    };
    const opened = store.open(runId);
    return opened instanceof Promise ? opened.then(begin) : begin(opened);
  });
  on('run:unsubscribe', (request) => {
    const runId = readRunId(request);
    pumps.get(runId)?.close();
    pumps.delete(runId);
    notes.leave(runId);
    asked.delete(runId);
    return { answer: {} };
  });
  on('runs:subscribe', () => {
    list = true;
    return { answer: { runs: store.list({ limit: listed }).runs } };
  });
  /** Of progress only the newest counts: one that reads slowly does without. */
  const hears = (id: string): boolean => (list || pumps.has(id)) && backlog(socket as Socket).packets < maxWaiting;
  const tell = (notice: RunNotice): void => {
    if (notice.type === 'state') {
      if (list || pumps.has(notice.run.id)) socket.emit('state', notice.run);
    } else if (notice.type === 'schema') {
      if (pumps.has(notice.runId)) socket.emit('schema', { runId: notice.runId, schema: notice.schema });
    } else if (notice.type === 'noted') {
      notes.hear(notice.runId);
    } else if (notice.type === 'progress') {
      if (!hears(notice.runId)) return;
      const { runId, step, totalSteps, stepsPerSecond } = notice;
      socket.emit('progress', { runId, step, totalSteps, stepsPerSecond });
    } else if (notice.type === 'preparing') {
      if (hears(notice.runId)) socket.emit('preparing', { runId: notice.runId, ...notice.preparing });
    }
  };
  const subscription = manager.notices.subscribe(tell);
  socket.on('disconnect', () => {
    subscription.unsubscribe();
    notes[Symbol.dispose]();
    for (const pump of pumps.values()) pump.close();
    pumps.clear();
  });
}
