import { batteryDispatch, batteryDispatchConfig, batteryMeasures } from './battery-dispatch.ts';
import type { GridTaskDefinition } from './task.ts';
import { topology } from './topology.ts';
import { topologyConfig, topologyMeasures } from './topology-options.ts';
import { voltVar, voltVarConfig, voltVarMeasures } from './volt-var.ts';

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
  'volt-var': {
    title: 'reactive power of inverters on a feeder, against losses and voltages out of their band',
    source: 'volt-var control on the feeder of Baran and Wu (1989)',
    config: voltVarConfig,
    measures: voltVarMeasures,
    steps: 100_000,
    open: voltVar,
  },
  topology: {
    title: 'switch branches, split substations and move generators of case14 so that nothing is overloaded',
    source: 'Grid2Op’s rules on the IEEE 14-bus case',
    config: topologyConfig,
    measures: topologyMeasures,
    steps: 500_000,
    open: topology,
  },
} satisfies Record<string, GridTaskDefinition>;

export type GridTaskName = keyof typeof gridTasks;
