import type { Network } from '../nn/network.ts';
import type { State } from './state.ts';
import { nested, stateArray, under } from './state.ts';

/** Weights and optimiser state of a network. */
export function networkState(network: Network): State {
  const weights = new Float32Array(network.size);
  const moments = new Float32Array(2 * network.size);
  network.readParameters(weights);
  return { weights, adamSteps: Float64Array.of(network.readAdam(moments)), moments };
}

/** @throws {PolicyFileError} when the state is of a network of another size. */
export function restoreNetwork(network: Network, state: State): void {
  network.writeParameters(stateArray(state, 'weights', 'Float32Array', network.size));
  const steps = stateArray(state, 'adamSteps', 'Float64Array', 1)[0]!;
  network.writeAdam(stateArray(state, 'moments', 'Float32Array', 2 * network.size), steps);
}

/** The states of several networks, under their positions. */
export function networkStates(networks: readonly Network[]): State {
  return Object.assign({}, ...networks.map((network, i) => nested(`${i}`, networkState(network)))) as State;
}

/** @throws {PolicyFileError} when the state is of other networks. */
export function restoreNetworks(networks: readonly Network[], state: State): void {
  for (const [i, network] of networks.entries()) restoreNetwork(network, under(`${i}`, state));
}
