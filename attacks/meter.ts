import type { AsyncGradientAccess, GradientAccess } from '../core/victim.ts';

/** A victim that counts what is asked of it, in rows. */
export interface MeteredVictim extends GradientAccess {
  /** Forward passes: decisions and logits. */
  readonly queries: number;
  /** Objective gradients; the forward pass inside one is not counted again. */
  readonly gradients: number;
}

/** Wraps a victim so that an attack's queries and gradients are counted. */
export function metered(victim: GradientAccess): MeteredVictim {
  let queries = 0;
  let gradients = 0;
  return {
    observationSize: victim.observationSize,
    actionSize: victim.actionSize,
    logitsSize: victim.logitsSize,
    head: victim.head,
    get queries() {
      return queries;
    },
    get gradients() {
      return gradients;
    },
    decide(x, rows, action) {
      queries += rows;
      victim.decide(x, rows, action);
    },
    logits(x, rows, out) {
      queries += rows;
      victim.logits(x, rows, out);
    },
    valueAndGradient(objective, x, rows, value, gradient) {
      gradients += rows;
      victim.valueAndGradient(objective, x, rows, value, gradient);
    },
  };
}

/** The same for a victim that has to be waited for. */
export interface AsyncMeteredVictim extends AsyncGradientAccess {
  readonly queries: number;
  readonly gradients: number;
}

/** Wraps a victim that has to be waited for so that an attack's queries and gradients are counted. */
export function meteredAsync(victim: AsyncGradientAccess): AsyncMeteredVictim {
  let queries = 0;
  let gradients = 0;
  return {
    observationSize: victim.observationSize,
    actionSize: victim.actionSize,
    logitsSize: victim.logitsSize,
    head: victim.head,
    get queries() {
      return queries;
    },
    get gradients() {
      return gradients;
    },
    decide(x, rows, action) {
      queries += rows;
      return victim.decide(x, rows, action);
    },
    logits(x, rows, out) {
      queries += rows;
      return victim.logits(x, rows, out);
    },
    valueAndGradient(objective, x, rows, value, gradient) {
      gradients += rows;
      return victim.valueAndGradient(objective, x, rows, value, gradient);
    },
  };
}
