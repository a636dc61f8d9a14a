import { BackendError, UnknownNameError } from '../core/errors.ts';
import { backendOpeners } from './backend/openers.ts';
import type { BackendName, ModuleLoader } from './backend/openers.ts';
import { missingKernels, modelKinds } from './backend/model-kind.ts';
import type { ModelKind } from './backend/model-kind.ts';
import { selfTest } from './backend/self-test.ts';
import { close } from './backend/tensorflow.ts';
import type { OpenBackend, Tensorflow } from './backend/tensorflow.ts';

export type { BackendName } from './backend/openers.ts';
export type { ModelKind } from './backend/model-kind.ts';

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

/** What a backend can do. */
export interface BackendAbilities {
  readonly name: BackendName;
  /** What computes, in words. */
  readonly device: string;
  /** The largest tensor that it computes rightly, in bytes; undefined where only memory sets a limit. */
  readonly maxTensorBytes: number | undefined;
  /** Kinds of model that do not run on it, with the kernels that are missing. */
  readonly gaps: readonly { readonly kind: ModelKind; readonly missing: readonly string[] }[];
}

/** The backend that TensorFlow.js now computes with. Disposing it closes its device, which else keeps the process alive. */
export interface SelectedBackend extends BackendAbilities, Disposable {
  readonly tf: Tensorflow;
  readonly refused: readonly Refusal[];
  /** Whether models of this kind run on it, in both directions; those that cannot go to the `cpu` backend, which has no gaps. */
  supports(kind: ModelKind): boolean;
}

/** What became of one candidate. */
export type Probe = (BackendAbilities & { readonly usable: true }) | (Refusal & { readonly usable: false });

const importModule: ModuleLoader = (name) => import(name);

/**
 * Probes the tensor backends in order and takes the first that gives a right gradient. Nothing is loaded before the call.
 * Plain MLPs do not need any of them: they run on `wasmNetwork`.
 * @param load imports a package by name; a test brings its own
 * @throws {UnknownNameError} when `force` names no backend.
 * @throws {BackendError} when the forced one, or every one, is unusable; a forced one is never replaced by another.
 */
export async function selectBackend(
  options: BackendOptions = {},
  load: ModuleLoader = importModule,
): Promise<SelectedBackend> {
  const { force = 'auto', allowSoftware = false } = options;
  const refused: Refusal[] = [];
  for (const name of candidates(force)) {
    try {
      const open = await openTested(name, load, allowSoftware);
      const abilities = abilitiesOf(name, open);
      return {
        ...abilities,
        tf: open.tf,
        refused,
        supports: (kind) => !abilities.gaps.some((gap) => gap.kind === kind),
        [Symbol.dispose]: () => close(open),
      };
    } catch (error) {
      refused.push({ name, reason: reasonOf(error) });
    }
  }
  throw nothingUsable(force, refused);
}

/** Tries every tensor backend, in the order of `selectBackend`, and leaves none open. */
export async function probeBackends(
  options: Pick<BackendOptions, 'allowSoftware'> = {},
  load: ModuleLoader = importModule,
): Promise<Probe[]> {
  const probes: Probe[] = [];
  for (const name of candidates('auto')) {
    try {
      const open = await openTested(name, load, options.allowSoftware ?? false);
      probes.push({ ...abilitiesOf(name, open), usable: true });
      close(open);
    } catch (error) {
      probes.push({ name, usable: false, reason: reasonOf(error) });
    }
  }
  return probes;
}

/**
 * What `selectBackend` would take, and refuse, after these probes.
 * @throws {UnknownNameError} when `force` names no backend.
 * @throws {BackendError} when the forced one, or every one, is unusable.
 */
export function choose(
  probes: readonly Probe[],
  force = 'auto',
): { readonly taken: BackendAbilities; readonly refused: readonly Refusal[] } {
  const names = candidates(force);
  const refused: Refusal[] = [];
  for (const probe of probes) {
    if (!names.includes(probe.name)) continue;
    if (probe.usable) return { taken: probe, refused };
    refused.push({ name: probe.name, reason: probe.reason });
  }
  throw nothingUsable(force, refused);
}

/**
 * Rows of a batch that a backend takes at once, when its widest tensor has `width` float32 values a row; Infinity without a
 * limit. Larger batches are cut into tiles of as many.
 */
export function maxRows({ maxTensorBytes }: Pick<BackendAbilities, 'maxTensorBytes'>, width: number): number {
  return maxTensorBytes === undefined ? Infinity : Math.floor(maxTensorBytes / (4 * width));
}

function candidates(force: string): BackendName[] {
  const names = Object.keys(backendOpeners) as BackendName[];
  const wanted = names.filter((name) => force === 'auto' || force === name);
  if (wanted.length === 0) throw new UnknownNameError('backend', force, ['auto', ...names]);
  return wanted;
}

function nothingUsable(force: string, refused: readonly Refusal[]): BackendError {
  const reasons = refused.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
  return new BackendError(
    force === 'auto' ? `no tensor backend is usable (${reasons})` : `backend '${force}' is not usable (${reasons})`,
  );
}

async function openTested(name: BackendName, load: ModuleLoader, allowSoftware: boolean): Promise<OpenBackend> {
  const open = await backendOpeners[name](load, allowSoftware);
  try {
    await selfTest(open.tf);
  } catch (error) {
    close(open); // a device that computes wrongly must not keep the process alive either
    throw error;
  }
  return open;
}

function abilitiesOf(name: BackendName, { tf, key, device, maxTensorBytes }: OpenBackend): BackendAbilities {
  const gaps = modelKinds
    .map((kind) => ({ kind, missing: missingKernels(tf, key, kind) }))
    .filter(({ missing }) => missing.length > 0);
  return { name, device, maxTensorBytes, gaps };
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const firstLine = String(message ?? error).split('\n')[0]!;
  const missing = code === 'ERR_MODULE_NOT_FOUND' ? /Cannot find (?:package|module) '([^']+)'/.exec(firstLine) : null;
  return missing === null ? firstLine : `not installed (${missing[1]!})`;
}
