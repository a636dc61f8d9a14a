import { ConfigError, DataError } from '../../core/errors.ts';
import type { Place } from '../../core/errors.ts';
import type { DynamicsData, OutageData } from './dataset.ts';
import type { FolderFiles } from './folder-files.ts';
import type { FolderDynamics, FolderNetwork, FolderOutage } from './folder-schema.ts';
import { readWeights } from './weight-file.ts';
import type { StateTensor } from '../../core/state-dict.ts';

/**
 * A building's LSTM with the weights of its file.
 * @param place of the building in the schema
 * @param modes the building's HVAC modes, of the simulation range
 * @throws {ConfigError} for another model, and for two different ones where both are needed, {DataError} for weights of another shape than the attributes say. Source: specs/citylearn.md 7.
 */
export async function readDynamics(
  dynamics: FolderDynamics,
  files: FolderFiles,
  place: Place,
  modes: Float64Array,
): Promise<DynamicsData> {
  const [network, at] = networkOf(dynamics, { ...place, path: `${place.path}/dynamics` }, modes);
  const { attributes, type } = network;
  if (attributes === undefined || attributes === null || type === undefined || type === null)
    throw new ConfigError(
      'dynamics has no type or no attributes, expected an LSTMDynamics with its file, sizes and limits',
      { place: at },
    );
  const kind = type.split('.').at(-1)!;
  if (kind !== 'LSTMDynamics')
    throw new ConfigError(`dynamics are a ${kind}, which is not simulated; expected LSTMDynamics`, { place: at });
  const names = attributes.input_observation_names;
  const [minimum, maximum] = [attributes.input_normalization_minimum, attributes.input_normalization_maximum];
  const inputs = names.length;
  const lengths = {
    input_size: attributes.input_size ?? inputs,
    input_normalization_minimum: minimum.length,
    input_normalization_maximum: maximum.length,
  };
  for (const [name, length] of Object.entries(lengths))
    if (length !== inputs)
      throw new ConfigError(`${name} is of ${length} inputs, expected ${inputs} as input_observation_names has`, {
        place: { ...at, path: `${at.path}/attributes/${name}` },
      });
  if (!names.includes('indoor_dry_bulb_temperature'))
    throw new ConfigError("input_observation_names lack 'indoor_dry_bulb_temperature', which is what is predicted", {
      place: { ...at, path: `${at.path}/attributes/input_observation_names` },
    });
  const hidden = attributes.hidden_size;
  const file = files.name(attributes.filename);
  const state = readWeights(await files.bytes(attributes.filename), file);
  const take = (name: string, shape: readonly number[]): Float32Array => tensor(state, name, shape, file);
  return {
    inputNames: names,
    minimum,
    maximum,
    hiddenSize: hidden,
    lookback: attributes.lookback,
    layers: Array.from({ length: attributes.num_layers }, (_, layer) => ({
      inputWeights: take(`l_lstm.weight_ih_l${layer}`, [4 * hidden, layer === 0 ? inputs : hidden]),
      hiddenWeights: take(`l_lstm.weight_hh_l${layer}`, [4 * hidden, hidden]),
      inputBias: take(`l_lstm.bias_ih_l${layer}`, [4 * hidden]),
      hiddenBias: take(`l_lstm.bias_hh_l${layer}`, [4 * hidden]),
    })),
    outputWeights: take('l_linear.weight', [1, hidden]),
    outputBias: take('l_linear.bias', [1]),
  };
}

/** The one network that runs: before 2.2 cooling's in HVAC modes 0 and 1, heating's in 2. Source: CityLearn 2.1 building.py, set_dynamics. */
function networkOf(
  dynamics: FolderDynamics,
  place: Place,
  modes: Float64Array,
): readonly [network: FolderNetwork, place: Place] {
  const { cooling, heating } = dynamics;
  if (!cooling || !heating) return [dynamics, place];
  const heats = modes.some((mode) => mode > 1);
  const use = heats ? 'heating' : 'cooling';
  if (heats && modes.some((mode) => mode <= 1) && JSON.stringify(cooling) !== JSON.stringify(heating))
    throw new ConfigError(
      'has separate models for cooling and heating (CityLearn 2.0 – 2.1.2) and HVAC modes of both, which is not simulated; expected modes of one of them, or the same model twice',
      { place },
    );
  return [dynamics[use]!, { ...place, path: `${place.path}/${use}` }];
}

/** Trained weights are below 100; sums of such numbers stay finite. */
const largestWeight = 1e6;

function tensor(
  state: ReadonlyMap<string, StateTensor>,
  name: string,
  shape: readonly number[],
  file: string,
): Float32Array {
  const found = state.get(name);
  if (found === undefined)
    throw new DataError(
      `has no '${name}', expected one of shape [${shape.join(', ')}]; it has ${[...state.keys()].join(', ')}`,
      {
        place: { file },
      },
    );
  if (found.shape.length !== shape.length || found.shape.some((size, k) => size !== shape[k]))
    throw new DataError(
      `'${name}' is of shape [${found.shape.join(', ')}], expected [${shape.join(', ')}] as the schema says`,
      { place: { file } },
    );
  const wrong = found.data.find((weight) => !(Math.abs(weight) <= largestWeight));
  if (wrong !== undefined)
    throw new DataError(`'${name}' has a weight of ${wrong}, expected at most ${largestWeight} in size`, {
      place: { file },
    });
  return found.data;
}

/** Source: specs/citylearn.md 8. */
export function outageOf(outage: FolderOutage): OutageData {
  const model = outage.stochastic_power_outage_model;
  return {
    simulate: outage.simulate_power_outage === true,
    stochastic: outage.stochastic_power_outage === true,
    model: model === undefined || model === null ? null : model.type.split('.').at(-1)!,
    attributes: Object.fromEntries(
      Object.entries(model?.attributes ?? {}).filter(
        (pair): pair is [string, number | number[] | null] =>
          pair[1] === null ||
          typeof pair[1] === 'number' ||
          (Array.isArray(pair[1]) && pair[1].every((one) => typeof one === 'number')),
      ),
    ),
  };
}
