import * as msgpack from 'socket.io-msgpack-parser';
import type { TelemetryServerEvents } from './events.ts';

/** What `frames` carries. */
export type FramesMessage = Parameters<TelemetryServerEvents['frames']>[0];

/** The bytes of messages that are sent to many; they go with the message. */
const encoded = new WeakMap<FramesMessage, ReturnType<msgpack.Encoder['encode']>>();

interface Packet {
  readonly type: number;
  readonly id?: number;
  readonly data?: unknown;
}

/** As socket.io-msgpack-parser, but a `frames` message is encoded once for however many sockets it goes to. */
class Encoder extends msgpack.Encoder {
  override encode(packet: Packet): ReturnType<msgpack.Encoder['encode']> {
    const [event, message] = Array.isArray(packet.data) ? (packet.data as unknown[]) : [];
    if (event !== 'frames' || packet.id !== undefined || typeof message !== 'object' || message === null)
      return super.encode(packet);
    const known = encoded.get(message as FramesMessage);
    if (known !== undefined) return known;
    const bytes = super.encode(packet);
    encoded.set(message as FramesMessage, bytes);
    return bytes;
  }
}

export const parser = { ...msgpack, Encoder };

/** Runs whose newest message is remembered: each may hold half a megabyte. */
const maxRemembered = 32;

/** The newest message of each run: viewers at its head all ask for the same one. */
export class FramesMessages {
  readonly #newest = new Map<string, FramesMessage>();

  /** The message of these frames, the same object for who asks next. */
  of(runId: string, firstSeq: number, frames: readonly Uint8Array[]): FramesMessage {
    const known = this.#newest.get(runId);
    if (known?.firstSeq === firstSeq && known.frames.length === frames.length && known.frames[0] === frames[0])
      return known;
    const message = { runId, firstSeq, frames };
    this.#newest.delete(runId);
    this.#newest.set(runId, message);
    if (this.#newest.size > maxRemembered) this.#newest.delete(this.#newest.keys().next().value!);
    return message;
  }
}
