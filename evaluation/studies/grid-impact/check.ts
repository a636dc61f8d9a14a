import type { Claim, StudyTable } from '../study.ts';

/** A published number beside what is computed here. */
export interface Check {
  readonly what: string;
  readonly got: number;
  readonly published: number;
  /** Largest |got − published|: half a unit of the last digit that is published, unless the source says otherwise. */
  readonly tolerance: number;
}

/** The same number within the rounding of its publication. @param digits behind the point that it is published with */
export function rounded(what: string, got: number, published: number, digits: number): Check {
  return { what, got, published, tolerance: 0.5 * 10 ** -digits * (1 + 1e-9) };
}

/** Within a share of the published number. */
export function within(what: string, got: number, published: number, share: number): Check {
  return { what, got, published, tolerance: Math.abs(share * published) };
}

/** A group of published numbers, from one source. */
export interface CheckGroup {
  readonly claim: string;
  readonly source: string;
  readonly checks: readonly Check[];
}

const agrees = ({ got, published, tolerance }: Check): boolean => Math.abs(got - published) <= tolerance;

/** The claim of a group: it holds where every number of it is within its tolerance. */
export function claimOf({ claim, source, checks }: CheckGroup): Claim {
  const off = checks.filter((check) => !agrees(check));
  const rest = off.map(({ what, got, published }) => `${what}: ${got} in place of ${published}`).join('; ');
  return {
    claim,
    holds: off.length === 0,
    evidence: `${checks.length - off.length} of ${checks.length} numbers of ${source} within their tolerances${rest === '' ? '' : `; ${rest}`}`,
  };
}

export function tableOf(groups: readonly CheckGroup[]): StudyTable {
  return {
    title: 'Published numbers, reproduced',
    columns: ['source', 'what', 'published', 'here', 'tolerance', 'within'],
    rows: groups.flatMap(({ source, checks }) =>
      checks.map((check) => [
        source,
        check.what,
        check.published,
        Number(check.got.toPrecision(9)),
        Number(check.tolerance.toPrecision(2)),
        agrees(check) ? 'yes' : 'no',
      ]),
    ),
    note: 'Half a unit of the last published digit, or the share that is named. Marks of specs/grid.md say how each source was read.',
  };
}
