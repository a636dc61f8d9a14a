import { batteryDispatch, batteryDispatchConfig, batteryMeasures } from './battery-dispatch.ts';
import type { GridTaskDefinition } from './task.ts';

/** Control tasks on a grid, by the names of scenarios and the command line. */
export const gridTasks = {
  'battery-dispatch': {
    title: 'charge and discharge batteries on a feeder with an eye on price and voltage',
    source: 'battery arbitrage with network constraints on the feeder of Baran and Wu (1989)',
    config: batteryDispatchConfig,
    measures: batteryMeasures,
    steps: 200_000,
    open: batteryDispatch,
  },
} satisfies Record<string, GridTaskDefinition>;

export type GridTaskName = keyof typeof gridTasks;
