import { BackendError, ControllerError } from '../core/errors.ts';
import type { ControllerTask } from './controller-messages.ts';
import type { AskController } from './controller-worker.ts';

/** As much of onnxruntime-node as we use: an optional package, whose types may not be there. */
interface Runtime {
  readonly InferenceSession: {
    create(path: string): Promise<{
      readonly inputNames: readonly string[];
      readonly outputNames: readonly string[];
      run(feeds: Record<string, unknown>): Promise<Record<string, { readonly data: ArrayLike<number | bigint> }>>;
    }>;
  };
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => unknown;
}

/**
 * An ONNX model in onnxruntime-node: its first output is taken for the actions, [N×A].
 * @throws {BackendError} when the package is not installed; {ControllerError} when it refuses the model
 */
export async function onnxController(
  { name, path }: Extract<ControllerTask, { readonly kind: 'onnx' }>,
  timeoutMs: number,
): Promise<AskController> {
  const { InferenceSession, Tensor } = await load();
  const session = await InferenceSession.create(path).catch((cause: unknown) => {
    throw new ControllerError(`${name}: onnxruntime refuses the model: ${messageOf(cause)}`, { cause });
  });
  const [input, more] = session.inputNames;
  const [output] = session.outputNames;
  if (input === undefined || more !== undefined || output === undefined)
    throw new ControllerError(`${name}: inputs ${session.inputNames.join(', ')}, expected one: the observation`);
  return async ({ observations, rows, actionSize }) => {
    const feed = new Tensor('float32', Float32Array.from(observations), [rows, observations.length / rows]);
    const late = AbortSignal.timeout(timeoutMs);
    const results = await Promise.race([
      session.run({ [input]: feed }).catch((cause: unknown) => {
        throw new ControllerError(`${name}: ${messageOf(cause)}`, { cause });
      }),
      new Promise<never>((_, reject) => {
        late.addEventListener('abort', () => reject(new ControllerError(`${name}: no answer within ${timeoutMs} ms`)));
      }),
    ]);
    const actions = Float64Array.from(results[output]!.data, Number);
    if (actions.length !== rows * actionSize)
      throw new ControllerError(
        `${name}: ${actions.length} values for ${rows} rows, expected ${actionSize} actions each`,
      );
    const bad = actions.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw new ControllerError(`${name}: value ${bad} is ${actions[bad]}, expected a finite number`);
    return actions;
  };
}

async function load(): Promise<Runtime> {
  const wanted: string = 'onnxruntime-node'; // a name of its own, so that no compiler looks for it
  try {
    const loaded = (await import(wanted)) as Runtime & { readonly default?: Runtime };
    return loaded.default ?? loaded;
  } catch (cause) {
    throw new BackendError(
      `onnxruntime-node is not there (${messageOf(cause)}); install it: ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node`,
      { cause },
    );
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
