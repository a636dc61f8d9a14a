import { readdir, stat } from 'node:fs/promises';
import { arch, cpus, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ServerStatus } from './events.ts';
import type { Metrics } from './metrics.ts';
import type { RunManager } from './run-manager.ts';
import type { Store } from './store.ts';

interface StatusSource {
  readonly store: Store;
  readonly folder: string;
  readonly manager: RunManager;
  readonly metrics: Metrics;
  readonly policies: () => number;
  readonly version: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly retentionDays: number | undefined;
  readonly tokenNeeded: boolean;
  readonly now: () => number;
}

/** The store is measured at most so often: it may be thousands of folders. */
const measuredForMs = 10_000;

/** Opens what tells of one server; until it is disposed it watches the event loop. */
export function openStatus(source: StatusSource): { look(): Promise<ServerStatus> } & Disposable {
  const { store, folder, manager, metrics, version, versions, tokenNeeded, now } = source;
  const startedAt = now();
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  let size:
    { readonly at: number; readonly of: Promise<{ readonly bytes: number; readonly files: number }> } | undefined;
  const ms = (nanoseconds: number): number => Math.round(Math.max(0, nanoseconds / 1e6 - 10) * 10) / 10;
  return {
    async look() {
      if (size === undefined || now() - size.at > measuredForMs) size = { at: now(), of: sizeOf(folder) };
      const loopDelay = { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)) };
      delay.reset();
      const { active, maxConcurrent, queued } = manager.load();
      return {
        version,
        versions,
        node: process.version,
        platform: `${platform()} ${arch()}`,
        cpus: cpus().length,
        cpu: cpus()[0]?.model ?? 'unknown',
        memoryBytes: totalmem(),
        startedAt,
        residentBytes: process.memoryUsage.rss(),
        loopDelay,
        workers: {
          active: active.map((id) => {
            const { name, headStep, totalSteps } = store.summary(id);
            return { id, name, step: headStep, totalSteps };
          }),
          maxConcurrent,
          queued,
        },
        streams: await metrics.figures(),
        store: {
          ...(await size.of),
          runs: Object.fromEntries(store.counts().map(({ state, count }) => [state, count])),
          retentionDays: source.retentionDays ?? null,
          damage: store.damage,
        },
        policies: source.policies(),
        tokenNeeded,
      };
    },
    [Symbol.dispose]: () => void delay.disable(),
  };
}

/** Bytes and files below a folder; what goes meanwhile does not count. */
async function sizeOf(folder: string): Promise<{ readonly bytes: number; readonly files: number }> {
  let [bytes, files] = [0, 0];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (let from = 0; from < entries.length; from += 64) {
    const sizes = await Promise.all(
      entries
        .slice(from, from + 64)
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) =>
          stat(join(parentPath, name)).then(
            (found) => found.size,
            () => undefined,
          ),
        ),
    );
    for (const one of sizes)
      if (one !== undefined) {
        bytes += one;
        files++;
      }
  }
  return { bytes, files };
}
