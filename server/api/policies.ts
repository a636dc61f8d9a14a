import { z } from 'zod';
import { parseValueAs } from '../../core/document.ts';
import { ConfigError } from '../../core/errors.ts';
import { headKinds, importActivations, importFormats } from '../../evaluation/import-policy.ts';
import { uploadName } from '../policies.ts';
import type { Policies } from '../policies.ts';
import { json, operation } from './operation.ts';
import type { Operation } from './operation.ts';

/** A file of this many bytes holds any network that can be read, with its critics; what is larger is for `faultline import`. */
const maxBytes = 32 * 2 ** 20;

const oneFile = 'application/octet-stream';
const setOfFiles = 'application/zip';

const name = z.string().regex(uploadName, 'expected a letter or digit, then up to 63 letters, digits, -, _ or .');
const word = z.string().min(1).max(200);
const list = z
  .string()
  .max(10_000)
  .transform((text, context) => {
    const numbers = text.split(',').map(Number);
    if (text.trim() === '' || numbers.some((one) => !Number.isFinite(one)))
      context.addIssue({ code: 'custom', message: 'expected numbers with commas between them' });
    return numbers;
  });
const query = z.strictObject({
  file: z
    .string()
    .regex(/^[\w][\w. -]{0,99}$/, 'expected a file name')
    .optional()
    .describe(
      'Name of the file that is sent, by which some formats are told; of a set, which of its files is the policy.',
    ),
  statistics: z
    .string()
    .max(100)
    .optional()
    .describe('Of a set: which of its files is a VecNormalize that was saved beside the policy.'),
  title: z.string().trim().min(1).max(120).optional().describe('One line for lists.'),
  format: z
    .enum(importFormats.map((one) => one.name))
    .optional()
    .describe('Found out when absent.'),
  reads: z.enum(['normalised', 'physical']).default('normalised'),
  like: word.optional().describe('A policy of this server whose features and actions are meant.'),
  district: word.optional().describe('`builtin`, or a dataset whose building’s features and actions are meant.'),
  building: word.default('Building_1'),
  normalisation: word.optional(),
  activation: z.enum(importActivations as [(typeof importActivations)[number]]).optional(),
  head: z.enum(headKinds as [(typeof headKinds)[number]]).optional(),
  low: list.optional(),
  high: list.optional(),
  values: list.optional(),
  logStd: z.coerce.number().min(-50).max(50).optional(),
  net: z
    .string()
    .regex(/^[\w.-]{1,100}$/)
    .optional(),
});
const policyShape = z.strictObject({
  name: z.string(),
  title: z.string(),
  format: z.string(),
  origin: z.string(),
  layers: z.array(z.int()),
  head: z.string(),
  sha256: z.string(),
  notes: z.array(z.string()).describe('What was assumed, folded or left away.'),
});

/** Uploading controllers of other libraries, read as `faultline import` reads them. */
export function policyOperations(policies: Policies): readonly Operation[] {
  return [
    operation({
      method: 'post',
      path: '/policies/:name',
      scope: 'run',
      summary:
        'Keeps a policy (an SB3, PyTorch, safetensors or ONNX file; as application/zip a set of files: TensorFlow.js with its weights, …) under a name that scenarios may use.',
      query,
      body: { kind: 'bytes', limit: maxBytes, types: [oneFile, setOfFiles] },
      answers: {
        200: { description: 'The same file with the same options was there already.', content: json(policyShape) },
        201: { description: 'The policy.', content: json(policyShape) },
      },
      async handle({ request, param, query: asked, body, response }) {
        const own = parseValueAs(param('name'), 'name', name);
        const { file, statistics, title, format, reads, like, district, building, normalisation, ...options } = asked;
        const set = request.is(setOfFiles) !== false;
        if (statistics !== undefined && !set)
          throw new ConfigError(`statistics are a file of a set, which is sent as ${setOfFiles}`);
        const bytes = body as Buffer;
        const { policy, made } = await policies.add({
          name: own,
          file: file ?? (set ? undefined : 'policy'),
          set,
          statistics,
          bytes,
          title,
          format,
          reads,
          like,
          district,
          building,
          normalisation,
          options,
        });
        response
          .status(made ? 201 : 200)
          .location('/api/v1/policies')
          .json(policy);
      },
    }),
    operation({
      method: 'delete',
      path: '/policies/:name',
      scope: 'run',
      summary: 'Removes a policy that was uploaded; runs that have it in their thread go on.',
      answers: { 204: { description: 'It is gone.' } },
      handle: ({ param }) => policies.remove(param('name')),
    }),
  ];
}
