import { ConfigError, PolicyFileError } from '../../core/errors.ts';
import { boundsOf, namedHead } from './head.ts';
import type { ImportOptions, ImportedModel } from './imported-model.ts';
import { physicalGaussian, squashedGaussian } from './policy-head.ts';
import type { HeadedLayers } from './policy-head.ts';
import { assertChain, importedLayer, listed, torchForward, torchLinear } from './torch-layers.ts';
import type { StateDict, TorchLinear } from './torch-layers.ts';

/**
 * A dense network from tensors by name alone: every `x.weight` that is a matrix is a layer, in the file's order (in the order of their names where
 * only that fits together); what they mean, the options say. Gaussian means are physical and clipped, as PPO's usually are.
 * @throws {PolicyFileError} for layers that are no dense ones or do not meet, {ConfigError} for what the options must say: which of several
 *   networks, the activation, the head.
 */
export function torchNetwork(tensors: StateDict, options: ImportOptions, file: string): ImportedModel {
  const names = chosenLayers(tensors, options.net, file);
  const { activation } = options;
  if (activation === undefined && names.length > 1)
    throw new ConfigError(
      `a state dictionary does not name the activations of its ${names.length - 1} hidden layers; say it with --activation`,
      { place: { file } },
    );
  const linears = names.map((name, l) =>
    torchLinear(tensors, name, l === names.length - 1 ? 'linear' : activation!, file),
  );
  assertChain(linears, file);
  const { notes, ...headed } = headedBy(linears, tensors, options, file);
  return {
    origin: 'PyTorch state dictionary',
    ...headed,
    evaluate: (x) => torchForward(linears, x),
    notes: [`The layers are ${names.join(', ')}${names.length > 1 ? `, hidden ones ${activation}` : ''}.`, ...notes],
  };
}

/** The names of the layers in order, without `.weight`. */
function chosenLayers(tensors: StateDict, net: string | undefined, file: string): string[] {
  const place = { file };
  const prefixes = net?.split(',').map((prefix) => prefix.trim().replace(/\.$/, ''));
  const inside = (name: string, prefix: string): boolean => name === prefix || name.startsWith(`${prefix}.`);
  const layersUnder = (prefix?: string): string[] => {
    const found: string[] = [];
    for (const [key, { shape }] of tensors) {
      if (prefix !== undefined && !inside(key.replace(/\.(weight|bias)$/, ''), prefix)) continue;
      if (key.endsWith('.weight') && shape.length === 2) found.push(key.slice(0, -'.weight'.length));
      else if (key.endsWith('.weight') || key.endsWith('.running_mean'))
        throw new PolicyFileError(
          `shape is [${shape.join(', ')}]: a normalisation or convolution; supported are dense layers`,
          { place: { file, path: `/${key}` } },
        );
    }
    return found;
  };
  if (prefixes !== undefined) {
    const chosen = prefixes.map((prefix) => {
      const found = layersUnder(prefix);
      if (found.length === 0)
        throw new ConfigError(
          `--net ${prefix}: no dense layer is called so; the tensors are ${listed([...tensors.keys()])}`,
          { place },
        );
      return inOrder(tensors, found, file);
    });
    return chosen.flat();
  }
  const all = layersUnder();
  if (all.length === 0)
    throw new PolicyFileError(`has no dense layer; the tensors are ${listed([...tensors.keys()])}`, { place });
  return inOrder(tensors, all, file);
}

/** The file's order, else the names' (2 before 10), whichever fits together; networks beside each other are for the user to choose from. */
function inOrder(tensors: StateDict, names: readonly string[], file: string): string[] {
  const chains = (order: readonly string[]): boolean =>
    order.every(
      (name, l) =>
        l === 0 || tensors.get(`${name}.weight`)!.shape[1] === tensors.get(`${order[l - 1]}.weight`)!.shape[0],
    );
  if (chains(names)) return [...names];
  const sorted = names.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  if (chains(sorted)) return sorted;
  const networks = [...new Set(names.map((name) => name.split('.').slice(0, -1).join('.') || name))];
  throw new ConfigError(
    `its ${names.length} dense layers do not follow one another; choose with --net, in order: ${listed(networks)}`,
    { place: { file } },
  );
}

function headedBy(
  linears: readonly TorchLinear[],
  tensors: StateDict,
  options: ImportOptions,
  file: string,
): HeadedLayers & { readonly notes: readonly string[] } {
  const layers = linears.map(importedLayer);
  const outputs = layers.at(-1)!.outputs;
  const { head, logStd, notes } = namedHead(outputs, options);
  if (head.kind === 'gaussian') {
    const bounds = boundsOf(options)!;
    const actions = bounds.low.length;
    if (outputs !== actions)
      throw new ConfigError(
        `a state-dependent σ behind a gaussian head is not read; the network has ${outputs} outputs for ${actions} actions`,
        { place: { file } },
      );
    const own = [...tensors].find(
      ([name, { shape }]) => /(^|[._])log_?std$/.test(name) && shape.reduce((size, n) => size * n, 1) === actions,
    );
    const values = own === undefined ? head.low.map(() => logStd ?? 0) : [...own[1].data];
    const said = own === undefined ? notes : [`log σ is the tensor ${own[0]}.`];
    return {
      ...physicalGaussian(layers, bounds, values),
      notes: [
        ...said,
        'Means and σ are taken for physical ones: they went to the unit scale of our gaussian head, folded into the last layer.',
      ],
    };
  }
  if (head.kind === 'squashed-gaussian' && logStd !== null) return { ...squashedGaussian(layers, head, logStd), notes };
  return { layers, head, notes };
}
