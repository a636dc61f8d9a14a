import { z } from 'zod';
import { PolicyFileError } from '../../../core/errors.ts';

/** One layer of a Keras model in the order of computation. */
export interface KerasLayer {
  readonly type: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

const layer = z.object({
  class_name: z.string(),
  name: z.string().optional(),
  config: z.record(z.string(), z.unknown()),
  inbound_nodes: z.array(z.unknown()).optional(),
});

const modelConfig = z.object({
  class_name: z.string(),
  config: z.union([
    z.array(layer).max(1000),
    z.object({ layers: z.array(layer).max(1000), output_layers: z.array(z.unknown()).optional() }),
  ]),
});

/** `modelTopology` of a model.json: the model itself, or where Keras wrote it, one level down. */
export const kerasTopology = z.union([z.object({ model_config: modelConfig }), modelConfig]);

/**
 * The layers of a Sequential model, or of a functional one that is a chain from its input to its first output.
 * @throws {PolicyFileError} for another kind of model, and a layer with more than one input.
 */
export function kerasLayers(topology: z.infer<typeof kerasTopology>, file: string): readonly KerasLayer[] {
  const { class_name: kind, config } = 'model_config' in topology ? topology.model_config : topology;
  const fail = (message: string): never => {
    throw new PolicyFileError(message, { place: { file, path: '/modelTopology' } });
  };
  const entries = Array.isArray(config) ? config : config.layers;
  const named = entries.map((entry) => {
    const own = entry.config['name'];
    return { entry, name: entry.name ?? (typeof own === 'string' ? own : '') };
  });
  const made = ({ entry, name }: (typeof named)[number]): KerasLayer => ({
    type: entry.class_name,
    name,
    config: entry.config,
  });
  if (kind === 'Sequential') return named.map(made);
  if (kind !== 'Functional' && kind !== 'Model')
    return fail(`a model of class '${kind}', expected Sequential or Functional`);
  const outputs = Array.isArray(config) ? undefined : config.output_layers;
  const byName = new Map(named.map((one) => [one.name, one]));
  const chain: KerasLayer[] = [];
  let current = namesIn(outputs?.[0] ?? outputs ?? [])[0];
  while (current !== undefined) {
    const found = byName.get(current) ?? fail(`no layer is called '${current}'`);
    if (chain.length >= named.length) return fail(`layer '${current}' reads its own output`);
    chain.push(made(found));
    const nodes = found.entry.inbound_nodes ?? [];
    const reads = namesIn(nodes);
    if (reads.length > 1)
      return fail(`layer '${found.name}' reads ${reads.join(' and ')}; only a chain of layers can be imported`);
    current = reads[0];
  }
  return chain.toReversed();
}

/**
 * Names of layers in what says where a tensor comes from: `["dense", 0, 0]` in lists, or since Keras 3 `keras_history` in objects.
 * Not recursive beyond what either has.
 */
function namesIn(nodes: unknown, depth = 0): string[] {
  if (depth > 12 || typeof nodes !== 'object' || nodes === null) return [];
  if (!Array.isArray(nodes)) return Object.values(nodes).flatMap((part) => namesIn(part, depth + 1));
  if (typeof nodes[0] === 'string' && typeof nodes[1] === 'number') return [nodes[0]];
  return nodes.flatMap((part) => namesIn(part, depth + 1));
}
