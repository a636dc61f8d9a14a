import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, DataError } from '../core/errors.ts';
import { targetLike, targetOf } from '../evaluation/import-policy.ts';
import type { ImportTarget } from '../evaluation/import-policy.ts';
import { installation } from '../server/installation.ts';

/** Where the features come from: at most one of the first three. */
export interface TargetOptions {
  readonly features?: string | undefined;
  readonly like?: string | undefined;
  readonly district?: string | undefined;
  readonly building?: string | undefined;
  readonly normalisation?: string | undefined;
}

/** Features and actions from a file, from another policy, or from a building. @throws {ConfigError} when two of them are given. */
export async function importTarget(options: TargetOptions): Promise<ImportTarget> {
  const given = (['features', 'like', 'district'] as const).filter((name) => options[name] !== undefined);
  if (given.length > 1)
    throw new ConfigError(
      `got ${given.map((name) => `--${name}`).join(' and ')}, expected one of them: each says what is observed`,
    );
  if (options.building !== undefined && options.district === undefined)
    throw new ConfigError('--building is of a district: give --district builtin, or a dataset');
  const { normalisation } = options;
  const target = await targetOfOptions(options);
  return normalisation === undefined ? target : { ...target, normalisation };
}

async function targetOfOptions(options: TargetOptions): Promise<ImportTarget> {
  const { features, like, district, building = 'Building_1', normalisation } = options;
  if (features !== undefined) return targetOf(readText(features), features);
  if (like !== undefined) {
    const file = cardFile(like);
    return targetLike(readText(file), file);
  }
  if (district === undefined) return {};
  // Loaded here: without a district the simulator is not needed, which is a quarter of the command's memory.
  const { districtSpaces } = await import('../evaluation/district-spaces.ts');
  const { fileWorkspace } = await import('../server/workspace.ts');
  const workspace = fileWorkspace({ roots: null, modelsDir: installation().modelsDir });
  const spaces = await districtSpaces(workspace, district, building, normalisation);
  return { ...spaces, observation: spaces.observation.features, action: spaces.action.features };
}

function cardFile(name: string): string {
  const shipped = join(installation().modelsDir, name, 'policy.json');
  if (/^[\w.-]+$/.test(name) && existsSync(shipped)) return shipped;
  return name.endsWith('policy.json') ? name : join(name, 'policy.json');
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new DataError(`cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      place: { file },
      cause,
    });
  }
}
