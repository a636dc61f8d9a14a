import { parseDocumentAs, DocumentError } from '../../core/document.ts';
import { FaultlineError, formatPlace } from '../../core/errors.ts';
import { z } from 'zod';
import { readCityLearnFolder } from './citylearn-folder.ts';
import type { District, FolderReader } from './dataset.ts';
import { checkBuilding, checkCharger, checkSchema, checkTable } from './describe-check.ts';
import { isOldHead } from './describe-columns.ts';
import type { FileKind } from './describe-columns.ts';
import type { Problem, Report } from './describe-problem.ts';
import type { FileFacts, Suggestion } from './describe-profile.ts';
import { suggestProfile } from './describe-profile.ts';
import { summariseSchema } from './describe-schema.ts';
import type { FileUse, SchemaSummary } from './describe-schema.ts';
import { readWeights } from './weight-file.ts';
import { readTable } from './describe-table.ts';
import type { ColumnSummary, Table } from './describe-table.ts';

export interface FileSummary {
  readonly name: string;
  readonly kind: FileUse['kind'];
  /** Buildings, or `building/charger`. */
  readonly usedBy: readonly string[];
  /** null: there is no such file, or it cannot be read. */
  readonly bytes: number | null;
  /** Of weights: names with shapes; null for other files and where they cannot be read. */
  readonly tensors: Readonly<Record<string, readonly number[]>> | null;
  readonly rows: number | null;
  /** Header generation of the series; null for files that have one only. */
  readonly headers: 'old' | 'new' | null;
  readonly columns: readonly ColumnSummary[];
}

export interface FolderDescription {
  readonly folder: string;
  /** SHA-256 of what was read; null where it cannot be read as a whole. */
  readonly hash: string | null;
  readonly headers: FileFacts['headers'];
  readonly schema: SchemaSummary | null;
  readonly files: readonly FileSummary[];
  /** Files of the folder that the schema does not name. */
  readonly unreferenced: readonly string[];
  readonly suggestion: Suggestion | null;
  readonly facts: FileFacts;
  readonly problems: readonly Problem[];
}

/**
 * Everything that can be said of a CityLearn folder. Damage does not stop it: each file is read as far as it can be, and every
 * problem is listed with its place. What the strict reader refuses beyond that is listed too, so a folder without errors can be read.
 *
 * @param names of the folder's files, to tell which the schema does not use; absent: not told
 * @returns the description, and the district where there is nothing wrong with it
 */
export async function describeFolder(
  folder: FolderReader,
  names?: readonly string[],
): Promise<{ readonly description: FolderDescription; readonly district: District | null }> {
  const problems: Problem[] = [];
  const report: Report = (problem) => problems.push(problem);
  const reader = remembering(folder);
  const label = (name: string): string => `${folder.label}/${name}`;
  const document = await readSchema(reader, label('schema.json'), report);
  const known = document === undefined ? null : summariseSchema(document);
  const schema = known?.summary ?? null;
  if (schema !== null) checkSchema(schema, label('schema.json'), report);

  const seconds = schema?.secondsPerTimeStep ?? 3600;
  const rowsPerDay = seconds > 0 ? Math.max(1, Math.round(86_400 / seconds)) : 24;
  const files: FileSummary[] = [];
  const facts = { old: 0, new: 0, oldExtras: false, minutes: false };
  for (const use of known?.files ?? []) {
    const bytes = await bytesOf(use, reader, label, report);
    const { name, kind, usedBy } = use;
    const tensors = bytes !== null && kind === 'weights' ? tensorsOf(bytes, label(name), report) : null;
    const base = { name, kind, usedBy, bytes: bytes?.length ?? null, tensors };
    if (bytes === null || kind === 'weights' || kind === 'occupant model' || kind === 'electric vehicle') {
      files.push({ ...base, rows: null, headers: null, columns: [] });
      continue;
    }
    const table = readTable(new TextDecoder().decode(bytes), label(name), kind, rowsPerDay, report);
    checkTable(table, label(name), kind === 'occupant parameters' ? null : schema, report);
    checkUses(use, table, schema!, label(name), report);
    const headers = generationOf(kind, table.head);
    files.push({ ...base, rows: table.rows, headers, columns: table.columns });
    if (kind !== 'building' || headers === null) continue;
    facts[headers]++;
    facts.oldExtras ||= headers === 'old' && table.head.length > 12;
    facts.minutes ||= table.values.has('minutes');
  }
  const headers = facts.old > 0 && facts.new > 0 ? 'mixed' : facts.old > 0 ? 'old' : facts.new > 0 ? 'new' : null;
  const seen: FileFacts = { headers, oldExtras: facts.oldExtras, minutes: facts.minutes };
  const unreferenced = unreferencedOf(names ?? [], known?.files ?? []);
  if (unreferenced.length > 0)
    report({
      severity: 'warning',
      place: { file: folder.label },
      message: `files that the schema does not name: ${unreferenced.slice(0, 8).join(', ')}${unreferenced.length > 8 ? ` and ${unreferenced.length - 8} more` : ''}`,
    });
  const district = await strictly(reader, problems, report);
  const failed = problems.some(({ severity }) => severity === 'error');
  return {
    description: {
      folder: folder.label,
      hash: district?.hash ?? null,
      headers,
      schema,
      files,
      unreferenced,
      suggestion: schema === null ? null : suggestProfile(schema, seen),
      facts: seen,
      problems: problems.toSorted((a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning')),
    },
    district: failed ? null : district,
  };
}

/** Each file is read once, though two readers want it. */
function remembering(folder: FolderReader): FolderReader {
  const read = new Map<string, Promise<Uint8Array | undefined>>();
  return {
    label: folder.label,
    read(name) {
      const bytes = read.get(name) ?? folder.read(name);
      read.set(name, bytes);
      return bytes;
    },
  };
}

/** The schema as whatever JSON it is; undefined where it is none. */
async function readSchema(reader: FolderReader, file: string, report: Report): Promise<unknown> {
  try {
    const bytes = await reader.read('schema.json');
    if (bytes === undefined) {
      report({ severity: 'error', place: { file }, message: 'there is no such file' });
      return undefined;
    }
    return parseDocumentAs(new TextDecoder().decode(bytes), file, z.unknown());
  } catch (error) {
    reportError(error, file, report);
    return undefined;
  }
}

async function bytesOf(
  { name, kind, usedBy, path, needed }: FileUse,
  reader: FolderReader,
  label: (name: string) => string,
  report: Report,
): Promise<Uint8Array | null> {
  const severity = needed ? 'error' : 'warning';
  const place = { file: label(name) };
  try {
    const bytes = await reader.read(name);
    if (bytes === undefined) {
      const users =
        usedBy.length > 3 ? `${usedBy.slice(0, 3).join(', ')} and ${usedBy.length - 3} more` : usedBy.join(', ');
      report({ severity, place, message: `there is no such file; ${users} needs it as ${kind} (schema.json ${path})` });
      return null;
    }
    if (kind === 'electric vehicle')
      report({
        severity: 'warning',
        place,
        message: 'belongs to the electric vehicles of 2.2 – 2.3.1, which are not simulated',
      });
    return bytes;
  } catch (error) {
    reportError(error, label(name), report, severity);
    return null;
  }
}

function tensorsOf(bytes: Uint8Array, file: string, report: Report): FileSummary['tensors'] {
  try {
    return Object.fromEntries([...readWeights(bytes, file)].map(([name, { shape }]) => [name, shape]));
  } catch (error) {
    reportError(error, file, report);
    return null;
  }
}

function generationOf(kind: FileKind, head: readonly string[]): 'old' | 'new' | null {
  if (kind === 'charger' || kind === 'washing machine' || kind === 'occupant parameters' || head.length === 0)
    return null;
  return isOldHead(kind, head) ? 'old' : 'new';
}

function checkUses(use: FileUse, table: Table, schema: SchemaSummary, file: string, report: Report): void {
  if (use.kind === 'charger')
    checkCharger(
      table,
      schema.electricVehicles.map(({ name }) => name),
      file,
      report,
    );
  if (use.kind !== 'building') return;
  for (const building of schema.buildings)
    if (use.usedBy.includes(building.name) && building.included) checkBuilding(building, table, file, schema, report);
}

/** Not counted: notes for people, and the folder's own packaging. */
const packaging = /^(readme|licen[cs]e|notice|\.)|\.(md|txt|ipynb|py)$/i;

function unreferencedOf(names: readonly string[], files: readonly FileUse[]): string[] {
  const used = new Set(['schema.json', ...files.map(({ name }) => name)]);
  return names
    .filter((name) => !used.has(name) && !used.has(name.replace(/\.gz$/, '')) && !packaging.test(name))
    .sort();
}

/** The folder as every command reads it; what it says that was not known yet is reported. */
async function strictly(reader: FolderReader, problems: readonly Problem[], report: Report): Promise<District | null> {
  try {
    return await readCityLearnFolder(reader);
  } catch (error) {
    const known = (place: Problem['place']): boolean =>
      problems.some(
        (one) => one.severity === 'error' && one.place.file === place.file && one.place.line === place.line,
      );
    reportError(error, `${reader.label}/schema.json`, (problem) => {
      if (!known(problem.place)) report(problem);
    });
    return null;
  }
}

/** A named error as a problem, each of its issues where it has several; what is no named error is thrown on. */
function reportError(error: unknown, file: string, report: Report, severity: Problem['severity'] = 'error'): void {
  if (!(error instanceof FaultlineError)) throw error;
  if (error instanceof DocumentError) {
    for (const { place, message } of error.issues) report({ severity, place, message });
    return;
  }
  const place = error.place ?? { file };
  const prefix = `${formatPlace(place)}: `;
  const message = error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message;
  report({ severity, place, message });
}
