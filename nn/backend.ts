import { BackendError, UnknownNameError } from '../core/errors.ts';
import { backendOpeners } from './backend/openers.ts';
import type { BackendName, ModuleLoader } from './backend/openers.ts';
import { selfTest } from './backend/self-test.ts';
import { close } from './backend/tensorflow.ts';

/** A better backend that was not taken. */
export interface Refusal {
  readonly name: BackendName;
  readonly reason: string;
}

export interface BackendOptions {
  /** Take this one or fail (`--backend`, `FAULTLINE_BACKEND`); `auto` or absent: the first that works. */
  readonly force?: string;
  /** Accept a GPU package on a machine without one, and software adapters (lavapipe, SwiftShader); for tests. */
  readonly allowSoftware?: boolean;
}

/** The backend that TensorFlow.js now computes with. Disposing it closes its device, which else keeps the process alive. */
export interface SelectedBackend extends Disposable {
  readonly name: BackendName;
  /** What computes, in words. */
  readonly device: string;
  readonly refused: readonly Refusal[];
}

/**
 * Probes the tensor backends in order and takes the first that gives a right gradient. Nothing is loaded before the call.
 * Plain MLPs do not need any of them: they run on `wasmNetwork`.
 * @param load imports a package by name; a test brings its own
 * @throws {UnknownNameError} when `force` names no backend.
 * @throws {BackendError} when the forced one, or every one, is unusable; a forced one is never replaced by another.
 */
export async function selectBackend(
  options: BackendOptions = {},
  load: ModuleLoader = (name) => import(name),
): Promise<SelectedBackend> {
  const { force = 'auto', allowSoftware = false } = options;
  const names = Object.keys(backendOpeners) as BackendName[];
  const wanted = names.filter((name) => force === 'auto' || force === name);
  if (wanted.length === 0) throw new UnknownNameError('backend', force, ['auto', ...names]);
  const refused: Refusal[] = [];
  for (const name of wanted) {
    try {
      const { tf, device } = await backendOpeners[name](load, allowSoftware);
      await selfTest(tf);
      return { name, device, refused, [Symbol.dispose]: () => close(tf) };
    } catch (error) {
      refused.push({ name, reason: reasonOf(error) });
    }
  }
  const reasons = refused.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
  throw new BackendError(
    force === 'auto' ? `no tensor backend is usable (${reasons})` : `backend '${force}' is not usable (${reasons})`,
  );
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const firstLine = String(message ?? error).split('\n')[0]!;
  const missing = code === 'ERR_MODULE_NOT_FOUND' ? /Cannot find (?:package|module) '([^']+)'/.exec(firstLine) : null;
  return missing === null ? firstLine : `not installed (${missing[1]!})`;
}
