import { z } from 'zod';
import { define } from './define.ts';

/** Changes nothing: the control. */
export const none = define('No attack', 'Control', z.strictObject({}), () => ({
  stage: 'observation',
  access: 'none',
  perturb(x, _rows, _victim, _context, out) {
    out.set(x);
  },
}));
