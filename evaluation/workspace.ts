import type { DecisionAccess, GradientAccess } from '../core/victim.ts';
import type { Box } from '../core/space.ts';
import type { Rng } from '../core/rng.ts';
import type { District } from '../sim/data/dataset.ts';

/** A controller brought in by name: a network that can be attacked white box, or a rule that can only be asked. */
export interface VictimSource {
  readonly name: string;
  /** SHA-256 of the model's bytes, or of the rule's name and options. */
  readonly hash: string;
  /** White-box access, or null for a rule. */
  readonly network: GradientAccess | null;
  /** A fresh controller for these spaces; throws a ConfigError when the policy was trained on other features. */
  open(observation: Box, action: Box, rng: Rng): DecisionAccess;
  readonly normalisation: string | null;
}

/** Where datasets and policies come from: the only way in which evaluation touches files. */
export interface Workspace {
  dataset(name: string, buildings: readonly string[], profile: string): Promise<District>;
  victim(name: string): Promise<VictimSource>;
}
