import type { TransformerConfig } from './config.ts';
import type { NamedShape } from './parameters.ts';

/** A linear layer of a transformer: its name, inputs and outputs. */
export interface LinearShape {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
}

/** The linear layers within a transformer layer, by what they are called there. */
export const linearNames = ['attention.qkv', 'attention.out', 'mlp.up', 'mlp.down'] as const;
export type LinearName = (typeof linearNames)[number];

/** `layers.0.attention.qkv` and so on. */
export function linearOf({ width, hidden }: TransformerConfig, layer: number, name: LinearName): LinearShape {
  const [inputs, outputs] = {
    'attention.qkv': [width, 3 * width],
    'attention.out': [width, width],
    'mlp.up': [width, hidden],
    'mlp.down': [hidden, width],
  }[name] as [number, number];
  return { name: `layers.${layer}.${name}`, inputs, outputs };
}

/** All weights of a transformer, in the order in which they are stored: a linear layer's are [I×O], tables [V×d]. */
export function transformerLayout(config: TransformerConfig): NamedShape[] {
  const { vocabulary, context, width, layers, norm, positions, tied } = config;
  const normShapes = (name: string): NamedShape[] =>
    (norm === 'layer' ? ['gain', 'shift'] : ['gain']).map((part) => ({ name: `${name}.${part}`, shape: [width] }));
  const linearShapes = (layer: number, part: LinearName): NamedShape[] => {
    const { name, inputs, outputs } = linearOf(config, layer, part);
    return [
      { name: `${name}.weight`, shape: [inputs, outputs] },
      { name: `${name}.bias`, shape: [outputs] },
    ];
  };
  return [
    { name: 'embedding.weight', shape: [vocabulary, width] },
    ...(positions === 'learned' ? [{ name: 'position.weight', shape: [context, width] }] : []),
    ...Array.from({ length: layers }, (_, layer) => [
      ...normShapes(`layers.${layer}.attention.norm`),
      ...linearShapes(layer, 'attention.qkv'),
      ...linearShapes(layer, 'attention.out'),
      ...normShapes(`layers.${layer}.mlp.norm`),
      ...linearShapes(layer, 'mlp.up'),
      ...linearShapes(layer, 'mlp.down'),
    ]).flat(),
    ...normShapes('norm'),
    ...(tied ? [] : [{ name: 'head.weight', shape: [vocabulary, width] }]),
  ];
}
