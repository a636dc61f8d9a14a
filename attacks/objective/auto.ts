import { actionDistance } from './action-distance.ts';
import { byHead } from './by-head.ts';
import { margin } from './margin.ts';

/** A correct untargeted objective for whatever head there is: `margin` on bins, `action-distance` on means. */
export const auto = byHead('auto', margin, actionDistance);
