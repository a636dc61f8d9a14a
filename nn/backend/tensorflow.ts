export type Tensorflow = typeof import('@tensorflow/tfjs');

/** Imports a package by name. */
export type ModuleLoader = (name: string) => Promise<unknown>;

/** Makes a backend current and says what computes; throws with the reason why it cannot be had. */
export type BackendOpener = (
  load: ModuleLoader,
  allowSoftware: boolean,
) => Promise<{ readonly tf: Tensorflow; readonly device: string }>;

/** TensorFlow.js, in production mode: without its banner and its advice to install another package. */
export async function tensorflow(load: ModuleLoader): Promise<Tensorflow> {
  const loaded = (await load('@tensorflow/tfjs')) as Tensorflow & { readonly default?: Tensorflow };
  const tf = loaded.default ?? loaded;
  tf.enableProdMode();
  return tf;
}

/** Makes a registered backend current; a refusal is only told in `setBackend`'s answer, `getBackend` would not show it. */
export async function use(tf: Tensorflow, name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error('installed, but it cannot be started here');
}

/** Frees the current backend and its device; it stays registered, so that it can be opened again. */
export function close(tf: Tensorflow): void {
  const name = tf.getBackend();
  const factory = tf.findBackendFactory(name);
  tf.removeBackend(name);
  tf.registerBackend(name, factory);
}
