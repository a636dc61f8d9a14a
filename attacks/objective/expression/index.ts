import { z } from 'zod';
import type { Head } from '../../../core/policy.ts';
import type { Objective } from '../../../core/victim.ts';
import { argMax } from '../../../logits/row.ts';
import { limits, parseExpression } from './parse.ts';
import type { Program } from './program.ts';
import { compile } from './program.ts';

/** An objective of one's own. */
export const expressionSpec = z
  .strictObject({
    expression: z
      .string()
      .min(1)
      .max(limits.characters)
      .meta({ title: 'Expression', description: 'What is maximised, over z, p, a, y … or z, u …: docs/attacks.md.' }),
  })
  .meta({ title: 'Expression', description: 'An objective of one’s own, differentiated exactly.' });

/**
 * What an expression says, maximised: `other(z, y) - z[y]` is the margin. On bins: z logits, p probabilities, a actions, y the clean bin,
 * side; on means: z means, u executed actions on 0…1, side; `clean…` the same on the clean observation. Nothing else can be named, and
 * nothing is run but the functions of `program.ts`.
 * @throws {ConfigError} with the position, for what is no such expression; names and lengths are checked against the head.
 */
export function expressionObjective({ expression: text }: z.output<typeof expressionSpec>): Objective {
  const parsed = parseExpression(text);
  let of: Head | undefined;
  let ready: Program | undefined;
  const programFor = (head: Head): Program => {
    if (ready === undefined || of !== head) {
      ready = compile(text, parsed, head);
      of = head;
    }
    return ready;
  };
  return {
    name: text,
    check(head) {
      programFor(head);
    },
    evaluate(head, logits, goal, rows, value, gradient) {
      const program = programFor(head);
      const { z, clean, y, side, slope } = program;
      const stride = logits.length / rows;
      gradient.fill(0);
      for (let r = 0; r < rows; r++) {
        const at = r * stride;
        for (let i = 0; i < z.length; i++) {
          z[i] = logits[at + i]!;
          clean[i] = goal.clean[at + i]!;
        }
        y[0] = argMax(clean, 0, clean.length);
        for (let b = 0; b < side.length; b++) side[b] = goal.side[r * side.length + b]!;
        value[r] = program.run();
        for (let i = 0; i < z.length; i++) gradient[at + i] = slope[i]!;
      }
    },
  };
}
