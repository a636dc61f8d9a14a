import { z } from 'zod';
import type { QueryBudget } from '../../core/attack.ts';

// The fields that black-box attacks share.

/** @param step queries a row and step by default */
export function budgetFields(step: number) {
  return {
    queryBudget: z
      .int()
      .min(2)
      .max(1_000_000)
      .default(step)
      .meta({ title: 'Query budget', description: 'Queries for each row at each step, the clean row’s included.' }),
    episodeQueryBudget: z
      .int()
      .min(2)
      .optional()
      .meta({ title: 'Query budget of the episode', description: 'Queries for each row in all; empty: no bound.' }),
  };
}

export function budgetOf(options: { queryBudget: number; episodeQueryBudget?: number | undefined }): QueryBudget {
  return { step: options.queryBudget, episode: options.episodeQueryBudget ?? Infinity };
}
