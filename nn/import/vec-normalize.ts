import { wholeOf } from '../../core/byte-range.ts';
import type { ByteRange } from '../../core/byte-range.ts';
import { PolicyFileError } from '../../core/errors.ts';
import { PickleCall, describePickled } from '../../core/pickle-value.ts';
import type { PickleValue } from '../../core/pickle-value.ts';
import { readPickle } from '../../core/pickle.ts';
import type { PickleRules } from '../../core/pickle.ts';
import type { Normaliser } from '../../core/policy.ts';
import { gymGlobals } from './gym-space.ts';
import { numpyArray, numpyGlobals, pickledNumber } from './numpy-pickle.ts';

const libraries = ['stable_baselines3', 'stable_baselines'];
const wrapper = libraries.map((library) => `${library}.common.vec_env.vec_normalize.VecNormalize`);
const statistics = libraries.map((library) => `${library}.common.running_mean_std.RunningMeanStd`);

/** Bytes: two numbers a feature, and the last observation of each environment. */
const longest = 1 << 23;

const rules: PickleRules = {
  globals: new Set(['collections.OrderedDict', ...wrapper, ...statistics, ...numpyGlobals, ...gymGlobals]),
  purpose: 'observation statistics',
  objects: true,
  mostOpcodes: 1 << 16,
};

/**
 * The observation statistics of a `VecNormalize.save` pickle. Nothing in it is run.
 * @throws {DataError} for damage and for a pickle that names anything else, {PolicyFileError} for statistics that are off, of a Dict, or impossible.
 *
 * Source: Stable-Baselines3, common/vec_env/vec_normalize.py.
 */
export function readVecNormalize(bytes: ByteRange, file: string): Normaliser {
  const at = (field: string): { file: string; path: string } => ({ file, path: `/${field}` });
  const fail = (message: string, field?: string): never => {
    throw new PolicyFileError(message, { place: field === undefined ? { file } : at(field) });
  };
  if (bytes.length > longest) return fail(`has ${bytes.length} bytes, expected at most ${longest}`);
  const root = readPickle(wholeOf(bytes), rules, file, 0);
  if (!(root instanceof PickleCall) || !wrapper.includes(root.callee) || !(root.state instanceof Map))
    return fail(`is ${describePickled(root)}, expected a VecNormalize that was saved`);
  const { state } = root;
  if (state.get('norm_obs') === false)
    return fail('is false: it does not normalise observations; leave it away', 'norm_obs');
  const moments = state.get('obs_rms');
  if (moments instanceof Map) return fail('are of a Dict observation; supported are Box observations', 'obs_rms');
  if (!(moments instanceof PickleCall) || !statistics.includes(moments.callee) || !(moments.state instanceof Map))
    return fail(`is ${describePickled(moments)}, expected a RunningMeanStd`, 'obs_rms');
  const array = (field: string): number[] => {
    const values = [
      ...numpyArray((moments.state as Map<PickleValue, PickleValue>).get(field), at(`obs_rms/${field}`)).data,
    ];
    const wrong = values.findIndex((value) => !Number.isFinite(value) || (field === 'var' && value < 0));
    if (wrong >= 0)
      fail(
        `number ${wrong} is ${values[wrong]}, expected a finite one${field === 'var' ? ' of at least 0' : ''}`,
        `obs_rms/${field}`,
      );
    return values;
  };
  const mean = array('mean');
  const variance = array('var');
  if (mean.length !== variance.length || mean.length === 0)
    return fail(`has ${variance.length} numbers, expected ${mean.length} as the mean has`, 'obs_rms/var');
  const positive = (field: string): number => {
    const value = pickledNumber(state.get(field), at(field));
    return Number.isFinite(value) && value > 0 ? value : fail(`is ${value}, expected a positive number`, field);
  };
  return { mean, variance, epsilon: positive('epsilon'), clip: positive('clip_obs') };
}
