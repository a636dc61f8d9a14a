import { createHash } from 'node:crypto';
import { DataError } from '../../core/errors.ts';
import type { WorkspaceFolders } from '../../evaluation/workspace.ts';

/** The two files that are a policy, as they are on disk. */
export interface PolicyContents {
  readonly card: Uint8Array;
  readonly weights: Uint8Array;
}

/** The files of a policy that workers elsewhere may not have; undefined for what is none, or what ships. */
export type PolicySupply = (name: string) => Promise<PolicyContents | undefined>;

/** Bytes of the largest set of files that is sent. */
export const mostPolicyBytes = 64 << 20;
const lengthBytes = 4;

/** A policy's set of files as one value: `u32` length of the card (little-endian), the card, the weights. */
export function packPolicy({ card, weights }: PolicyContents): Buffer {
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32LE(card.length);
  return Buffer.concat([length, card, weights]);
}

/** What {@link packPolicy} packed; what the files themselves hold is for their readers. @throws {DataError} for what it did not */
function unpackPolicy(packed: Uint8Array): PolicyContents {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const cardEnd = packed.length < lengthBytes ? Number.POSITIVE_INFINITY : lengthBytes + view.getUint32(0, true);
  if (cardEnd > packed.length) throw new DataError(`a packed policy of ${packed.length} bytes ends in its card`);
  return { card: packed.subarray(lengthBytes, cardEnd), weights: packed.subarray(cardEnd) };
}

/** SHA-256 of a policy's set of files. */
export function hashOfPacked(packed: Uint8Array): string {
  return createHash('sha256').update(packed).digest('hex');
}

/** A packed policy as the folder that it was. */
export function packedReader(name: string, packed: Uint8Array): ReturnType<WorkspaceFolders['dataset']> {
  const { card, weights } = unpackPolicy(packed);
  const files = new Map([
    ['policy.json', card],
    ['policy.safetensors', weights],
  ]);
  return { label: name, read: async (file) => files.get(file) };
}
