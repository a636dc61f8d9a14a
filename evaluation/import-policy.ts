import { z } from 'zod';
import type { ByteRange } from '../core/byte-range.ts';
import { parseDocumentAs } from '../core/document.ts';
import { printable } from '../core/errors.ts';
import type { Head } from '../core/policy.ts';
import type { Feature } from '../core/space.ts';
import { composePolicy } from '../nn/import/compose.ts';
import { sourceActivations } from '../nn/import/dense.ts';
import { equivalence } from '../nn/import/equivalence.ts';
import type { Equivalence, EquivalenceCase } from '../nn/import/equivalence.ts';
import type { ImportOptions, ImportSource, SourceActivation } from '../nn/import/imported-model.ts';
import { importerFor, importers } from '../nn/import/index.ts';
import { withNormaliser } from '../nn/import/normalise.ts';
import { readVecNormalize } from '../nn/import/vec-normalize.ts';
import { parsePolicyCard } from '../nn/policy-card.ts';
import { loadPolicy } from '../nn/policy.ts';
import type { PolicyFiles } from '../nn/policy.ts';

export type { Equivalence, EquivalenceCase, ImportSource };

/** Formats that can be read, for lists and messages. */
export const importFormats = Object.entries(importers).map(([name, { title }]) => ({ name, title }));
/** Activations that a hidden layer may have. */
export const importActivations = Object.keys(sourceActivations) as readonly SourceActivation[];
export const headKinds: readonly Head['kind'][] = ['categorical', 'gaussian', 'squashed-gaussian', 'deterministic'];

/** The environment that an imported policy is for, as far as it is known. */
export interface ImportTarget {
  readonly observation?: readonly Feature[] | undefined;
  readonly action?: readonly Feature[] | undefined;
  readonly normalisation?: string | undefined;
}

export interface ImportRequest {
  readonly source: ImportSource;
  /** Absent: found out. */
  readonly format?: string | undefined;
  readonly name: string;
  readonly reads: 'normalised' | 'physical';
  /** A VecNormalize that was saved beside the policy. */
  readonly statistics?: { readonly name: string; readonly bytes: ByteRange } | undefined;
  readonly options: Omit<ImportOptions, 'actions'>;
  readonly target: ImportTarget;
}

/** A policy of ours made of another library's file. */
export interface ImportResult {
  readonly files: PolicyFiles;
  readonly format: string;
  readonly origin: string;
  readonly observation: readonly Feature[];
  readonly layers: readonly number[];
  readonly head: Head['kind'];
  /** Sentences, fit for a terminal whatever the names in the file: what was assumed, folded or left away. */
  readonly notes: readonly string[];
  /** The policy as written against its source. */
  check(rows: EquivalenceCase): Equivalence;
}

/** Reads, composes and writes (in memory) a policy. @throws {FaultlineError} a named error for whatever cannot be read or does not fit. */
export function importPolicy({
  source,
  format,
  name,
  reads,
  statistics,
  options,
  target,
}: ImportRequest): ImportResult {
  const [found, importer] = importerFor(source, format);
  const bare = importer.read(source, { ...options, actions: target.action });
  const model =
    statistics === undefined
      ? bare
      : withNormaliser(
          bare,
          readVecNormalize(statistics.bytes, statistics.name),
          'Observation statistics of VecNormalize, frozen, stand in front of the first layer.',
        );
  const { files, observation, notes } = composePolicy(model, { name, reads, ...target });
  return {
    files,
    format: found,
    origin: printable(model.origin),
    observation,
    layers: [model.layers[0]!.inputs, ...model.layers.map((layer) => layer.outputs)],
    head: model.head.kind,
    notes: notes.map(printable),
    check(rows) {
      using policy = loadPolicy(files.card, files.weights, name);
      return equivalence(policy, model, reads, rows);
    },
  };
}

/** The environment of another policy, from its policy.json. @throws {PolicyFileError} */
export function targetLike(cardText: string, file: string): ImportTarget {
  const { observation, action } = parsePolicyCard(cardText, file);
  return { observation: observation.features, action: action.features, normalisation: observation.normalisation };
}

const feature = z.strictObject({ name: z.string().min(1), unit: z.string(), low: z.number(), high: z.number() });
const features = z.array(feature).min(1).max(65_536);
const spaces = z.strictObject({
  observation: features,
  action: features.optional(),
  normalisation: z.string().optional(),
});

/** The environment as a JSON document says it. @throws {DocumentError} with file:line:column. */
export function targetOf(text: string, file: string): ImportTarget {
  return parseDocumentAs(text, file, spaces);
}
