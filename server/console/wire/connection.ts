import { useSyncExternalStore } from 'react';
import { telemetry } from './sockets.ts';

/** What a person is told about the line to the server. */
export type Connection = 'connected' | 'connecting' | 'lost' | 'draining' | 'refused';

let connection: Connection = 'connecting';
const listeners = new Set<() => void>();

function become(next: Connection): void {
  connection = next;
  for (const listener of listeners) listener();
}

telemetry.on('connect', () => become('connected'));
telemetry.on('disconnect', () => become(connection === 'draining' ? 'draining' : 'lost'));
// `active` is false when the server itself refused (a token is missing): no further attempt is made.
telemetry.on('connect_error', () =>
  become(telemetry.active ? (connection === 'draining' ? 'draining' : 'lost') : 'refused'),
);
telemetry.on('server:draining', () => become('draining'));

/** State of the telemetry socket. */
export function useConnection(): Connection {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => connection,
  );
}
