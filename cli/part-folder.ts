import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { decode, encode } from '@msgpack/msgpack';
import { decodeFrame, encodeFrame } from '../core/frame-codec.ts';
import type { RunResult } from '../core/run.ts';
import type { TelemetrySchema } from '../core/telemetry.ts';
import type { ResultStore } from '../evaluation/executor/executor.ts';
import type { Evaluated } from '../evaluation/executor/job.ts';
import { replaceFile } from './files.ts';

interface KeptPart {
  readonly key: string;
  readonly result: RunResult;
  readonly telemetry: { readonly schema: TelemetrySchema; readonly frames: readonly Uint8Array[] } | null;
}

/** Parts of an evaluation that are over, with their telemetry: `parts/KEY.msgpack`, until the whole is written. */
export function partFolder(out: string): ResultStore<Evaluated> & { readonly size: () => number; clear(): void } {
  const folder = join(out, 'parts');
  const fileOf = (key: string): string => join(folder, `${key}.msgpack`);
  let size = 0;
  return {
    get(key) {
      if (!existsSync(fileOf(key))) return undefined;
      try {
        const { key: own, result, telemetry } = decode(readFileSync(fileOf(key))) as KeptPart;
        if (own !== key) return undefined;
        size++;
        const frames = telemetry?.frames.map((body) => decodeFrame(body)) ?? [];
        return { result, telemetry: telemetry === null ? null : { schema: telemetry.schema, frames } };
      } catch {
        return undefined; // damaged: it is done anew
      }
    },
    put(key, { result, telemetry }) {
      const bodies = telemetry === null ? null : { ...telemetry, frames: telemetry.frames.map(encodeFrame) };
      replaceFile(fileOf(key), encode({ key, result, telemetry: bodies } satisfies KeptPart));
    },
    size: () => size,
    clear: () => rmSync(folder, { recursive: true, force: true }),
  };
}
