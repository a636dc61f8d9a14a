import { FaultlineError } from '../../core/errors.ts';
import type { Place } from '../../core/errors.ts';

/** What can be wrong with a network before anything is solved, by name. Source: specs/grid.md 1.6. */
export type GridFault =
  | 'E_FORMAT'
  | 'E_NOT_FINITE'
  | 'E_BASE_MVA'
  | 'E_BUS_NUMBER'
  | 'E_BUS_TYPE'
  | 'E_DUPLICATE_BUS'
  | 'E_UNKNOWN_BUS'
  | 'E_ZERO_IMPEDANCE'
  | 'E_SELF_LOOP'
  | 'E_SETPOINT_CONFLICT'
  | 'E_TWO_REFS'
  | 'E_NO_SOURCE';

/** A network that cannot be solved, whatever the loads: its file is wrong. The message begins with the fault. */
export class GridCaseError extends FaultlineError {
  readonly code = 'grid-case';
  readonly fault: GridFault;

  constructor(fault: GridFault, message: string, place?: Place) {
    super(`${fault}: ${message}`, place === undefined ? {} : { place });
    this.fault = fault;
  }
}

/** What is strange in a network, or dead in it, and does not keep the rest from being solved. */
export interface GridFinding {
  readonly code:
    | 'E_ISLAND_NO_SOURCE'
    | 'E_ISLAND_NO_LOAD'
    | 'W_ISOLATED_BUS'
    | 'W_TINY_IMPEDANCE'
    | 'W_MERGED'
    | 'W_SETPOINT'
    | 'W_START'
    | 'W_UNITS'
    | 'W_REF_PROMOTED';
  readonly message: string;
  /** External numbers of the buses concerned. */
  readonly buses: readonly number[];
}
