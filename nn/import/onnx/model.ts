import { PolicyFileError } from '../../../core/errors.ts';
import { readTensor } from './tensor.ts';
import type { Attribute, OnnxGraph, OnnxNode, OnnxValue } from './graph.ts';
import type { NumberArray } from './array.ts';
import { WireFile } from './wire.ts';
import type { Field } from './wire.ts';

/** What bounds the work on a hostile file; an exported policy has a few dozen nodes. */
const mostNodes = 20_000;

/**
 * Reads an ONNX model: its graph, constants, inputs and outputs. Nothing of the file is executed, and no other file is opened.
 *
 * Source: onnx/onnx.proto (messages ModelProto, GraphProto, NodeProto, AttributeProto, ValueInfoProto).
 * @param file what a person would call the file, for messages
 * @throws {PolicyFileError} with the byte at which the file is not what it should be.
 */
export function readOnnxModel(bytes: Uint8Array, file: string): OnnxGraph {
  const wire = new WireFile(bytes, file);
  let graph: Field | undefined;
  let producer = '';
  let opset = 0;
  for (const field of wire.fields(0, bytes.length)) {
    if (field.number === 2) producer = wire.text(field);
    else if (field.number === 7) graph = field;
    else if (field.number === 8) opset = Math.max(opset, ownOpset(wire, field));
  }
  if (graph === undefined) throw new PolicyFileError('is no ONNX model: it holds no graph', { place: { file } });
  if (opset < 1)
    throw new PolicyFileError('is no ONNX model: it does not say which opset it is of', { place: { file } });

  const nodes: OnnxNode[] = [];
  const constants = new Map<string, NumberArray>();
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  for (const field of wire.message(graph)) {
    if (field.number === 1) {
      if (nodes.length === mostNodes) wire.fail(field.begin, `more than ${mostNodes} nodes`);
      nodes.push(readNode(wire, field, nodes.length));
    } else if (field.number === 5) {
      const { name, array } = readTensor(wire, field);
      constants.set(name, array);
    } else if (field.number === 11) inputs.push(readValue(wire, field));
    else if (field.number === 12) outputs.push(readValue(wire, field));
    else if (field.number === 15) wire.fail(field.begin, 'a sparse initialiser, expected dense ones');
  }
  return {
    file,
    producer,
    opset,
    nodes,
    constants,
    inputs: inputs.filter(({ name }) => !constants.has(name)),
    outputs,
  };
}

/** Version of ONNX's own operators, or 0 for another domain's. */
function ownOpset(wire: WireFile, field: Field): number {
  let domain = '';
  let version = 0;
  for (const part of wire.message(field)) {
    if (part.number === 1) domain = wire.text(part);
    else if (part.number === 2) version = wire.integer(part);
  }
  return isOwn(domain) ? version : 0;
}

function isOwn(domain: string): boolean {
  return domain === '' || domain === 'ai.onnx';
}

function readNode(wire: WireFile, field: Field, index: number): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, Attribute>();
  let name = '';
  let operator = '';
  let domain = '';
  for (const part of wire.message(field)) {
    if (part.number === 1) inputs.push(wire.text(part));
    else if (part.number === 2) outputs.push(wire.text(part));
    else if (part.number === 3) name = wire.text(part);
    else if (part.number === 4) operator = wire.text(part);
    else if (part.number === 5) {
      const [key, attribute] = readAttribute(wire, part);
      attributes.set(key, attribute);
    } else if (part.number === 7) domain = wire.text(part);
  }
  return {
    name: name === '' ? `#${index}` : name,
    operator,
    domain: isOwn(domain) ? '' : domain,
    inputs,
    outputs,
    attributes,
    byte: field.begin,
  };
}

function readAttribute(wire: WireFile, field: Field): readonly [string, Attribute] {
  const reals: number[] = [];
  const integers: number[] = [];
  let name = '';
  let real = 0;
  let integer = 0;
  let text = '';
  let tensor: Field | undefined;
  let type = 0;
  for (const part of wire.message(field)) {
    if (part.number === 1) name = wire.text(part);
    else if (part.number === 2) real = wire.float(part);
    else if (part.number === 3) integer = wire.integer(part);
    else if (part.number === 4) text = part.end - part.begin <= 4096 ? wire.text(part) : '';
    else if (part.number === 5) tensor = part;
    else if (part.number === 7) wire.reals(part, 4, reals);
    else if (part.number === 8) wire.integers(part, integers);
    else if (part.number === 20) type = wire.integer(part);
  }
  // AttributeProto.AttributeType
  if (type === 1) return [name, { kind: 'real', value: real }];
  if (type === 2) return [name, { kind: 'integer', value: integer }];
  if (type === 3) return [name, { kind: 'text', value: text }];
  if (type === 4 && tensor !== undefined) return [name, { kind: 'array', value: readTensor(wire, tensor).array }];
  if (type === 6) return [name, { kind: 'reals', value: reals }];
  if (type === 7) return [name, { kind: 'integers', value: integers }];
  return [name, { kind: 'other' }];
}

/** A ValueInfoProto with the dimensions of its TypeProto, where it is a tensor that says them. */
function readValue(wire: WireFile, field: Field): OnnxValue {
  let name = '';
  let dims: (number | string)[] | undefined;
  for (const part of wire.message(field)) {
    if (part.number === 1) name = wire.text(part);
    if (part.number !== 2) continue;
    for (const type of wire.message(part)) {
      if (type.number !== 1) continue; // tensor_type
      for (const shape of wire.message(type)) {
        if (shape.number !== 2) continue;
        dims = [];
        for (const dim of wire.message(shape)) if (dim.number === 1) dims.push(readDimension(wire, dim));
      }
    }
  }
  return { name, dims };
}

function readDimension(wire: WireFile, field: Field): number | string {
  for (const part of wire.message(field)) {
    if (part.number === 1) return wire.integer(part);
    if (part.number === 2) return wire.text(part);
  }
  return '';
}
