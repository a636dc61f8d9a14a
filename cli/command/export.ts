import { existsSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { Command, Option } from '@commander-js/extra-typings';
import { ConfigError } from '../../core/errors.ts';
import { sha256Hex } from '../../core/sha256.ts';
import { exportFormats, exportPolicy } from '../../evaluation/export-policy.ts';
import { installation } from '../../server/installation.ts';
import { writeFile } from '../files.ts';
import { readWhole } from '../import-source.ts';
import { print, printJson } from '../output.ts';

/** `faultline export`: a policy of ours for other libraries. */
export function exportCommand(): Command {
  return new Command('export')
    .description('write a policy as ONNX or as a PyTorch state dict in safetensors')
    .argument('<policy>', 'a shipped model or a policy folder')
    .addOption(new Option('--to <format>', 'what to write').choices(exportFormats).makeOptionMandatory())
    .requiredOption('--out <path>', 'file to write, or a folder: policy.onnx or model.safetensors in it')
    .option('--action', 'of ONNX: a second output, the decoded action in physical units')
    .option('--json', 'print what was written')
    .addHelpText(
      'after',
      '\nExamples:\n  faultline export ppo20-builtin --to onnx --action --out ppo20.onnx\n  faultline export runs/ppo --to safetensors --out runs/torch',
    )
    .action((name, options) => {
      if (options.action === true && options.to !== 'onnx')
        throw new ConfigError('--action is of ONNX: a state dict holds weights and computes nothing');
      const folder = policyFolder(name);
      const { bytes, widths, head } = exportPolicy(
        new TextDecoder().decode(readWhole(join(folder, 'policy.json'))),
        readWhole(join(folder, 'policy.safetensors')),
        folder,
        options.to,
        options.action === true,
      );
      const file = target(options.out, options.to === 'onnx' ? 'policy.onnx' : 'model.safetensors');
      writeFile(file, bytes);
      if (options.json === true)
        printJson({ file, format: options.to, bytes: bytes.length, sha256: sha256Hex(bytes), widths, head });
      else print(`wrote ${file}: ${widths.join('-')}, ${head}`);
    }) as unknown as Command;
}

function policyFolder(name: string): string {
  const shipped = join(installation().modelsDir, name);
  if (/^[\w.-]+$/.test(name) && existsSync(join(shipped, 'policy.json'))) return shipped;
  return basename(name) === 'policy.json' ? dirname(name) : name;
}

/** A path with an ending is a file, unless a folder is there. */
function target(out: string, name: string): string {
  const folder = existsSync(out) ? statSync(out).isDirectory() : extname(out) === '';
  return folder ? join(out, name) : out;
}
