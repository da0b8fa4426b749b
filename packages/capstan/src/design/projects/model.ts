import type { Charter, Declaration, DeclarationChange } from '@capstan/api';
import { canonicalJson } from '#kernel/canonical-json';

export interface Project {
  readonly name: string;
  /** Absolute path on the machine of the control plane. */
  readonly folder: string;
  readonly charter: Charter;
  readonly declaration: Declaration;
  /** `capstan.yaml` as plain values, before defaults and conversions. */
  readonly written: Readonly<Record<string, unknown>>;
  /** 1 for the first declaration. */
  readonly revision: number;
  readonly createdAt: number;
  readonly appliedAt: number;
}

export interface ProjectRevision {
  readonly revision: number;
  readonly appliedAt: number;
  readonly actor: string;
  readonly changes: readonly DeclarationChange[];
}

/** What a declaration says and where it stands: the two things a change may concern. */
export interface Declared {
  readonly folder: string;
  readonly written: Readonly<Record<string, unknown>>;
}

/** Changes from one declaration to the next, key by key, in the order of the new one; of a new project, every key. */
export function changesBetween(before: Declared | undefined, after: Declared): DeclarationChange[] {
  const folder = before?.folder === after.folder ? [] : [change('folder', before?.folder, after.folder)];
  return [...folder, ...changesOf('', before?.written, after.written)];
}

function changesOf(path: string, before: unknown, after: unknown): DeclarationChange[] {
  if (before !== undefined && after !== undefined && canonicalJson(before) === canonicalJson(after)) return [];
  const sides = [after, before].filter((side) => side !== undefined);
  if (sides.every(isListOfMaps)) return elementChanges(path, before, after);
  if (!sides.every((side) => isMap(side) && Object.keys(side).length > 0)) return [change(path, before, after)];
  const keys = new Set(sides.flatMap((side) => Object.keys(side as object)));
  return [...keys].flatMap((key) =>
    changesOf(path === '' ? key : `${path}.${key}`, member(before, key), member(after, key)),
  );
}

/** One by one in their order; an element that only one side has is one change. Lists of words are compared as a whole. */
function elementChanges(path: string, before: unknown, after: unknown): DeclarationChange[] {
  const length = Math.max(...[before, after].map((side) => (Array.isArray(side) ? side.length : 0)));
  return Array.from({ length }, (_, index) => index).flatMap((index) => {
    const [old, now] = [member(before, index), member(after, index)];
    const place = `${path}[${index}]`;
    return old === undefined || now === undefined ? [change(place, old, now)] : changesOf(place, old, now);
  });
}

function change(path: string, before: unknown, after: unknown): DeclarationChange {
  return { path, ...(before !== undefined && { before }), ...(after !== undefined && { after }) };
}

function isListOfMaps(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isMap);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function member(value: unknown, key: string | number): unknown {
  return (value as Readonly<Record<string | number, unknown>> | undefined)?.[key];
}
