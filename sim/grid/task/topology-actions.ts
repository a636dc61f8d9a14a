import type { Substation } from './switchyard.ts';

/** One thing that an operator may do in a step. */
export type TopologyAction =
  | { readonly kind: 'nothing' }
  /** Takes a branch out of service, or back into it. */
  | { readonly kind: 'line'; readonly branch: number }
  /** Assigns the elements of a substation to its busbars. */
  | { readonly kind: 'substation'; readonly substation: number; readonly busbars: readonly number[] }
  /** Moves the set-point of a generator, MW. */
  | { readonly kind: 'redispatch'; readonly generator: number; readonly mw: number };

/**
 * Every way to share a substation's elements among two busbars: all at one, or at least two at either, with a branch among them, so that nothing is cut off. The first element stays
 * where it is, since names of busbars mean nothing.
 */
export function assignments({ elements }: Substation): readonly (readonly number[])[] {
  const count = elements.length;
  const isBranch = elements.map(({ kind }) => kind === 'from' || kind === 'to');
  return Array.from({ length: 2 ** (count - 1) }, (_, code) =>
    Array.from({ length: count }, (_element, e) => (e === 0 ? 0 : (code >> (e - 1)) & 1)),
  ).filter((busbars, code) => {
    if (code === 0) return true;
    return [0, 1].every((side) => {
      const here = busbars.flatMap((own, e) => (own === side ? [e] : []));
      return here.length >= 2 && here.some((e) => isBranch[e]);
    });
  });
}

/** All actions, nothing first. @param branches rows of those that may be switched  @param generators those that may be moved, and by how much a step, MW */
export function topologyActions(
  branches: readonly number[],
  substations: readonly Substation[],
  generators: readonly { readonly row: number; readonly ramp: number }[],
): readonly TopologyAction[] {
  return [
    { kind: 'nothing' },
    ...branches.map((branch): TopologyAction => ({ kind: 'line', branch })),
    ...substations.flatMap((substation, s) =>
      assignments(substation).map((busbars): TopologyAction => ({ kind: 'substation', substation: s, busbars })),
    ),
    ...generators.flatMap(({ row, ramp }) =>
      [-ramp, ramp].map((mw): TopologyAction => ({ kind: 'redispatch', generator: row, mw })),
    ),
  ];
}
