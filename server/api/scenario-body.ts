import type { Request } from 'express';
import { parseScenario, scenarioFrom } from '../../core/scenario.ts';
import type { Scenario } from '../../core/scenario.ts';
import { schema } from '../../evaluation/vocabulary.ts';
import { assertShallow, shallow } from '../nesting.ts';
import { MediaTypeError } from '../problem.ts';

/** A scenario from a JSON body, or from YAML text, whose errors then carry lines and columns. */
export function scenarioOf(request: Request): Scenario {
  const sent: unknown = request.body;
  if (typeof sent === 'string') return shallow(() => parseScenario(sent, 'scenario', schema));
  if (sent === undefined)
    throw new MediaTypeError('no scenario was read: send application/json or application/yaml with a body');
  assertShallow(sent);
  return scenarioFrom(sent, 'scenario', schema);
}
