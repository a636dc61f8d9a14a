import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import parser from 'socket.io-msgpack-parser';
import type { Command } from '../../../core/run.ts';
import type {
  ControlClientEvents,
  Problem,
  Reply,
  RunSummary,
  TelemetryClientEvents,
  TelemetryServerEvents,
} from '../../events.ts';
import { ProblemError } from './api.ts';
import { readToken } from './token.ts';

export type TelemetrySocket = Socket<TelemetryServerEvents, TelemetryClientEvents>;

const options = {
  transports: ['websocket'],
  parser,
  reconnectionDelay: 250,
  reconnectionDelayMax: 2000,
  auth: (give: (auth: object) => void) => give({ token: readToken() }),
};

/** Read side; both namespaces share one WebSocket. */
export const telemetry: TelemetrySocket = io('/telemetry', options);
/** Write side. */
export const control: Socket<Record<string, never>, ControlClientEvents> = io('/control', options);

// A server that says goodbye is not redialled by socket.io itself; ours comes back after a restart.
for (const socket of [telemetry, control] as Socket[])
  socket.on('disconnect', (reason) => {
    if (reason === 'io server disconnect') setTimeout(() => socket.connect(), 500);
  });

const ackTimeoutMs = 10_000;

/** Launches a scenario. @throws {ProblemError} with the issues of the scenario */
export async function launchRun(scenario: unknown): Promise<RunSummary> {
  return taken(await control.timeout(ackTimeoutMs).emitWithAck('run:launch', scenario)).run;
}

/** Sends a command to a run. @throws {ProblemError} when it is refused, e.g. because the run has ended */
export async function commandRun(runId: string, command: Command): Promise<RunSummary> {
  return taken(await control.timeout(ackTimeoutMs).emitWithAck('run:command', { runId, command })).run;
}

/** The answer, or its problem thrown. */
export function taken<T>(reply: Reply<T>): T {
  if (reply.ok) return reply;
  throw new ProblemError((reply as { problem: Problem }).problem);
}
