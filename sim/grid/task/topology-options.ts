import { z } from 'zod';
import type { Measure } from './task.ts';

export const topologyConfig = z.strictObject({
  substations: z
    .array(z.int().min(2).max(14))
    .max(4)
    .refine((list) => new Set(list).size === list.length, 'a substation is named twice')
    .default([4, 5])
    .describe('Buses of case14 whose substations have two busbars.'),
  load: z.number().gt(0).max(2).default(1).describe('Multiple of all loads.'),
  margin: z
    .number()
    .gt(0)
    .max(10)
    .default(1.2)
    .describe('Thermal limits: multiple of what branches carry in the case.'),
  outages: z.boolean().default(true).describe('Whether a branch is out of service for two hours of every episode.'),
  rules: z
    .boolean()
    .default(false)
    .describe(
      'Standing rules of an operator: a branch that may be brought back is, whatever the action; else an action acts only while a branch is above 0.95 of its limit, and takes no branch out.',
    ),
  practice: z
    .strictObject({
      horizon: z.int().min(25).max(288).default(26).describe('Steps of an episode to learn on.'),
      overload: z
        .number()
        .min(0)
        .max(10)
        .default(0.5)
        .describe('Taken off the reward a unit of loading above a limit.'),
    })
    .optional()
    .describe(
      'What controllers learn on in place of the task that judges them: more of the outage, and a price on overloads before they trip.',
    ),
  horizon: z.int().min(8).max(288).default(96).describe('Steps of five minutes.'),
});

/** What a step of it comes to. */
export const topologyMeasures: readonly Omit<Measure, 'at'>[] = [
  { name: 'cost', unit: '1', fold: 'sum' },
  { name: 'survival', unit: 'share of steps', fold: 'mean' },
  { name: 'overloads', unit: 'branch steps', fold: 'sum' },
  { name: 'trips', unit: 'branches', fold: 'sum' },
  { name: 'rho_most', unit: '1', fold: 'most' },
  { name: 'unserved', unit: 'MWh', fold: 'sum' },
  { name: 'redispatch', unit: 'MWh', fold: 'sum' },
  { name: 'illegal', unit: 'actions', fold: 'sum' },
];
