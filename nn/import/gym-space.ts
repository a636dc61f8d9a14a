import { PolicyFileError } from '../../core/errors.ts';
import type { Place } from '../../core/errors.ts';
import { PickleCall, describePickled } from '../../core/pickle-value.ts';
import type { PickleValue } from '../../core/pickle-value.ts';
import { numpyArray, pickledNumber } from './numpy-pickle.ts';

const modules: Readonly<Record<string, string>> = {
  box: 'Box',
  discrete: 'Discrete',
  multi_discrete: 'MultiDiscrete',
  multi_binary: 'MultiBinary',
  dict: 'Dict',
  tuple: 'Tuple',
};

/** The spaces of Gym and of Gymnasium, and the random generator that Gym's may hold. */
export const gymGlobals: readonly string[] = ['gym', 'gymnasium'].flatMap((library) => [
  ...Object.entries(modules).map(([module, name]) => `${library}.spaces.${module}.${name}`),
  `${library}.utils.seeding.RandomNumberGenerator`,
  `${library}.utils.seeding.RandomNumberGenerator._generator_ctor`,
]);

/** A space that plain MLP policies have. */
export type GymSpace =
  | {
      readonly kind: 'box';
      readonly library: string;
      readonly shape: readonly number[];
      /** Row-major. */
      readonly low: readonly number[];
      readonly high: readonly number[];
    }
  | { readonly kind: 'discrete'; readonly library: string; readonly n: number; readonly start: number };

/**
 * A pickled space.
 * @throws {PolicyFileError} for another space than a Box or a Discrete, by name, and for attributes that contradict each other.
 */
export function gymSpace(value: PickleValue, place: Place): GymSpace {
  const fail = (message: string, field = ''): never => {
    throw new PolicyFileError(message, { place: { ...place, path: `${place.path ?? ''}${field}` } });
  };
  const [library, , , name] = value instanceof PickleCall ? value.callee.split('.') : [];
  const at = (field: string): Place => ({ ...place, path: `${place.path ?? ''}/${field}` });
  if (!(value instanceof PickleCall) || library === undefined || !gymGlobals.includes(value.callee))
    return fail(`is ${describePickled(value)}, expected a space of Gym or Gymnasium`);
  if (!(value.state instanceof Map)) return fail('the space has no attributes');
  const { state } = value;
  if (name === 'Discrete') {
    const n = pickledNumber(state.get('n'), at('n'));
    if (!Number.isSafeInteger(n) || n < 1) return fail(`is ${n}, expected a whole number of choices`, '/n');
    return { kind: 'discrete', library, n, start: pickledNumber(state.get('start') ?? 0, at('start')) };
  }
  if (name !== 'Box') return fail(`is a ${name} space; supported are Box and Discrete`);
  const low = numpyArray(state.get('low'), at('low'));
  const high = numpyArray(state.get('high'), at('high'));
  if (low.shape.join() !== high.shape.join())
    return fail(`low has shape [${low.shape.join(', ')}] and high [${high.shape.join(', ')}], expected the same`);
  if (low.data.some(Number.isNaN) || high.data.some(Number.isNaN)) return fail('a bound is not a number');
  return { kind: 'box', library, shape: low.shape, low: [...low.data], high: [...high.data] };
}
