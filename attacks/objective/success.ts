import { byHead } from './by-head.ts';
import { groupedMargin } from './grouped-margin.ts';
import { margin } from './margin.ts';

/** The margin whose sign says whether the decision has changed: another bin, or the other side of zero. */
export const success = byHead('success', margin, groupedMargin);
