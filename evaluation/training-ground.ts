import type { LearnedPolicy } from '../agents/learner.ts';
import type { Evaluation } from '../agents/train.ts';
import type { VectorEnv } from '../core/environment.ts';
import type { DecisionAccess } from '../core/victim.ts';

/** Where a controller trains, and how it is judged there. */
export interface TrainingGround extends Disposable {
  /** The lanes to train in. */
  readonly env: VectorEnv;
  /** What a policy's card says of how its observations were normalised. */
  readonly normalisation: string;
  /** SHA-256 of the data behind the environment; null where it has none. */
  readonly dataHash: string | null;
  /** Metrics of an evaluation that belong on the learning curve. */
  readonly curveMetrics: readonly string[];
  /** Judges the policy of the moment, in an environment of its own; the same policy always gets the same score. */
  judge(policy: LearnedPolicy): Evaluation;
  /**
   * Judges the policy that was kept, on episodes that had no say in keeping it: the best of many evaluations looks better
   * than it is. Absent where an evaluation has no chance in it.
   */
  examine?(policy: DecisionAccess): Evaluation;
}
