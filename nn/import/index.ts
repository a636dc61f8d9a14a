import { PolicyFileError, UnknownNameError } from '../../core/errors.ts';
import { faultlineFiles } from './faultline-files.ts';
import { pytorchFile } from './pytorch-file.ts';
import { safetensorsFile } from './safetensors-file.ts';
import { stableBaselines3 } from './stable-baselines3.ts';
import { onnxFile } from './onnx/onnx-file.ts';
import { tfjsLayers } from './tfjs/tfjs-layers.ts';
import type { ImportSource, Importer } from './imported-model.ts';

/** Formats that `faultline import` reads. */
export const importers = {
  sb3: stableBaselines3,
  pytorch: pytorchFile,
  faultline: faultlineFiles,
  safetensors: safetensorsFile,
  onnx: onnxFile,
  tfjs: tfjsLayers,
} satisfies Record<string, Importer>;

export type ImporterName = keyof typeof importers;

/**
 * The importer by name, or the first that takes the file for its own.
 * @throws {UnknownNameError} for a name that is none, {PolicyFileError} for a file that no importer knows.
 */
export function importerFor(source: ImportSource, name?: string): readonly [ImporterName, Importer] {
  const names = Object.keys(importers) as ImporterName[];
  if (name !== undefined) {
    const known = names.find((one) => one === name);
    if (known === undefined) throw new UnknownNameError('format', name, names);
    return [known, importers[known]];
  }
  const found = names.find((one) => importers[one].detect(source));
  if (found === undefined)
    throw new PolicyFileError(
      `looks like none of: ${names.map((one) => importers[one].title).join('; ')}. Say which with --format`,
      { place: { file: source.name } },
    );
  return [found, importers[found]];
}
