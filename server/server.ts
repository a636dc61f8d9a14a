import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import pino from 'pino';
import { ConfigError } from '../core/errors.ts';
import { parseScenario } from '../core/scenario.ts';
import { schema } from '../evaluation/vocabulary.ts';
import { access } from './access.ts';
import { Compactor } from './compactor.ts';
import { openApp } from './app.ts';
import type { ControllerReach } from './black-boxes.ts';
import type { RunSummary } from './events.ts';
import { openEnvSockets } from './env-socket.ts';
import { watchExecutor } from './executor-metrics.ts';
import { installation, version } from './installation.ts';
import { openMetrics } from './metrics.ts';
import { Policies } from './policies.ts';
import { provenance } from './provenance.ts';
import { QueryBox } from './query.ts';
import { Reporter } from './reporter.ts';
import { RunManager } from './run-manager.ts';
import { openStatus } from './status.ts';
import { openSockets } from './sockets.ts';
import { Store } from './store.ts';
import { localExecutors, redisExecutors } from './sweep-executors.ts';
import { SweepRunner } from './sweep-runner.ts';
import { policySupply } from './workspace.ts';

export interface ServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Folder of the run store. */
  readonly store: string;
  /** Needed when the host is not loopback. */
  readonly token?: string;
  readonly modelsDir: string;
  /** Folders under which scenarios may name datasets and policies. */
  readonly dataRoots: readonly string[];
  readonly consoleDir: string;
  /** Where scenarios may ask controllers over HTTP, default nowhere: whoever may write here must not reach through this machine. */
  readonly controllers?: ControllerReach;
  /** A Redis whose workers do the runs of sweeps; absent: threads of this server. */
  readonly redis?: string;
  /** Runs at once, default 2. */
  readonly maxConcurrent?: number;
  /** Writes a minute from one address, default 60. */
  readonly writesPerMinute?: number;
  /** Requests of any kind a minute from one address, default 6000. */
  readonly requestsPerMinute?: number;
  /** Runs that are over for so many days, not archived and without a tag are removed; absent: never. */
  readonly retentionDays?: number;
  /** Level of the log on stderr, default `info`; `silent` for tests. */
  readonly logLevel?: string;
}

export interface RunningServer {
  readonly url: string;
  /** Queues a run from a scenario's text. */
  launch(scenario: { readonly text: string; readonly file: string }): RunSummary;
  /** Cuts every connection, as a network would: nobody is told. */
  cut(): void;
  /** Tells clients, stops runs (marked interrupted), closes the store. */
  close(): Promise<void>;
}

/** Bytes of a request's headers, its address among them: a comparison names a thousand runs of 37 characters, with commas of three. */
const maxHeaderSize = 64 * 1024;
/** For so long a connection is kept without a request. With Node's five seconds a server that gets no processor for as long cuts one whose next request lies there unread. */
const keepAliveTimeout = 65_000;
/** How long a socket may outlive the token that opened it. */
const recheckMs = 30_000;
/** What clients get to read the last messages. */
const goodbyeMs = 500;

/**
 * Starts the server: store, run manager, HTTP and sockets on one port.
 * @throws {ConfigError} when the address is taken or may not be bound without a token.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host, port, modelsDir, consoleDir } = options;
  const logger = pino(
    {
      level: options.logLevel ?? 'info',
      redact: ['authorization', 'token', '*.authorization', '*.token', 'req.headers.authorization'],
    },
    pino.destination(2),
  );
  const log = (level: 'info' | 'error', fields: object, message: string): void => logger[level](fields, message);
  const gate = access(host, options.token, (token) => store.tokens.scopesOf(token, Date.now()));
  const { versions, codeHash } = provenance();
  const policies = new Policies(options.store, modelsDir, options.dataRoots);
  const workspace = { roots: options.dataRoots, modelsDir, policiesDir: policies.folder };
  // Before the store is opened: what is no Redis must leave nothing behind.
  const remote =
    options.redis === undefined
      ? undefined
      : await redisExecutors(options.redis, codeHash, policySupply(workspace), log);
  const store = await openStore(options.store, remote);
  for (const damage of store.damage) log('error', { store: options.store }, damage);
  const manager = new RunManager({
    store,
    maxConcurrent: options.maxConcurrent ?? 2,
    now: () => Date.now(),
    log,
    ...workspace,
    controllers: options.controllers ?? 'none',
    versions,
    codeHash,
  });
  const { retentionDays } = options;
  const retention = retentionDays === undefined ? undefined : { days: retentionDays, now: () => Date.now() };
  const counts = (): SweepRunner['counts'] => sweeps.counts;
  const executors = remote ?? localExecutors(manager, store, counts);
  const sweeps: SweepRunner = new SweepRunner({ store, manager, executors, codeHash, now: () => Date.now(), log });
  await sweeps.goOn();
  const metrics = openMetrics(store, log);
  watchExecutor(metrics.registry, () => sweeps.look());
  const reporter = new Reporter(store);
  const query = new QueryBox(store, options.store);
  const compactor = new Compactor(store, manager.notices, log, retention);
  const status = openStatus({
    store,
    folder: options.store,
    manager,
    metrics,
    policies: () => policies.list().length,
    version: version(),
    versions,
    retentionDays,
    tokenNeeded: options.token !== undefined,
    now: () => Date.now(),
  });
  let draining = false;
  let closing: Promise<void> | undefined;
  const app = openApp({
    access: gate,
    store,
    manager,
    sweeps,
    metrics,
    reporter,
    query,
    policies,
    status: () => status.look(),
    consoleDir,
    examples,
    writesPerMinute: options.writesPerMinute ?? 60,
    requestsPerMinute: options.requestsPerMinute ?? 6000,
    health: () => ({ ready: !draining, damage: store.damage }),
    log,
  });
  const http = createServer({ maxHeaderSize, keepAliveTimeout }, app);
  const connections = new Set<Socket>();
  http.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  const sockets = openSockets({ http, access: gate, store, manager, metrics, log });
  const envSockets = openEnvSockets(http, gate, workspace, log);
  const recheck = (): void => [sockets, envSockets].forEach((one) => one.recheck());
  store.tokens.revoked.subscribe(recheck);
  const rechecking = setInterval(recheck, recheckMs).unref(); // tokens end by themselves too
  try {
    await listen(http, host, port);
  } catch (error) {
    clearInterval(rechecking);
    await envSockets.close();
    await sockets.close();
    await manager.close(sweeps.close());
    await closeStore();
    throw error;
  }
  const { port: bound } = http.address() as AddressInfo;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
  log('info', { url, store: options.store }, 'listening');
  return {
    url,
    launch: ({ text, file }) => manager.launch(parseScenario(text, file, schema)),
    cut: () => connections.forEach((socket) => socket.destroy()),
    close: () => (closing ??= close()),
  };

  async function closeStore(): Promise<void> {
    status[Symbol.dispose]();
    await executors[Symbol.asyncDispose]();
    await Promise.all([reporter, query, policies].map((one) => one[Symbol.asyncDispose]()));
    await compactor.close();
    await store.warehouse[Symbol.asyncDispose]();
    store[Symbol.dispose]();
  }

  async function close(): Promise<void> {
    draining = true;
    clearInterval(rechecking);
    sockets.drain();
    await Promise.all([envSockets.close(), manager.close(sweeps.close())]);
    const closed = sockets.close();
    http.closeAllConnections();
    // A client that stopped reading would otherwise hold us for the half minute of the WebSocket's closing handshake.
    const timer = setTimeout(() => connections.forEach((socket) => socket.destroy()), goodbyeMs);
    await closed;
    clearTimeout(timer);
    await closeStore();
    log('info', {}, 'stopped');
  }
}

/** @throws {ConfigError} when another server has it */
async function openStore(folder: string, remote: AsyncDisposable | undefined): Promise<Store> {
  try {
    return new Store(folder, Date.now());
  } catch (error) {
    await remote?.[Symbol.asyncDispose]();
    throw error;
  }
}

function listen(http: HttpServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE')
        reject(
          new ConfigError(`port ${port} of ${host} is taken: stop what listens there, or choose another with --port`),
        );
      else if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND' || error.code === 'EACCES')
        reject(new ConfigError(`cannot bind to ${host}:${port}: ${error.message}`));
      else reject(error);
    });
    http.listen(port, host, resolve);
  });
}

function examples(): { name: string; text: string }[] {
  const { examplesDir } = installation();
  return readdirSync(examplesDir)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => ({ name: name.replace(/\.yaml$/, ''), text: readFileSync(join(examplesDir, name), 'utf8') }));
}
