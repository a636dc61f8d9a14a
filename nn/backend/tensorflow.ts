export type Tensorflow = typeof import('@tensorflow/tfjs');

/** Imports a package by name. */
export type ModuleLoader = (name: string) => Promise<unknown>;

/** A backend that has just been made current. */
export interface OpenBackend {
  readonly tf: Tensorflow;
  /** TensorFlow.js's name of it. */
  readonly key: string;
  /** What computes, in words. */
  readonly device: string;
  /** The largest tensor that it computes rightly; absent where only memory sets a limit. */
  readonly maxTensorBytes?: number;
  /** Closes what TensorFlow.js leaves open. */
  readonly close?: () => void;
}

/** Makes a backend current; throws with the reason why it cannot be had. */
export type BackendOpener = (load: ModuleLoader, allowSoftware: boolean) => Promise<OpenBackend>;

/** TensorFlow.js, in production mode: without its banner and its advice to install another package. */
export async function tensorflow(load: ModuleLoader): Promise<Tensorflow> {
  const loaded = (await load('@tensorflow/tfjs')) as Tensorflow & { readonly default?: Tensorflow };
  const tf = loaded.default ?? loaded;
  tf.enableProdMode();
  return tf;
}

/** Makes a registered backend current; a refusal is only told in `setBackend`'s answer, `getBackend` would not show it. */
export async function use<Key extends string>(tf: Tensorflow, key: Key): Promise<{ tf: Tensorflow; key: Key }> {
  if (!(await tf.setBackend(key))) throw new Error('installed, but it cannot be started here');
  return { tf, key };
}

/** Frees a backend and its device; it stays registered, so that it can be opened again. */
export function close({ tf, key, close }: OpenBackend): void {
  const factory = tf.findBackendFactory(key) as ReturnType<Tensorflow['findBackendFactory']> | null;
  if (factory !== null) {
    tf.removeBackend(key);
    tf.registerBackend(key, factory);
  }
  close?.();
}
