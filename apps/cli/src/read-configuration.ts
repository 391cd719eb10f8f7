import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { type Config, Config as ConfigSchema, parseConfig } from '@crownlabs/server';
import { LabError, messageOf } from '@crownlabs/std';
import type { Places } from './places.ts';

/** The configuration of these places: the file, then `CROWNLABS_*` variables, then flags; the last one wins. */
export async function readConfiguration(places: Places, flags: Readonly<Record<string, unknown>>): Promise<Config> {
  const text = await readFile(places.config, 'utf8').catch(() => '');
  try {
    return parseConfig(text, { dataDir: places.dataDir, ...fromEnvironment(), ...flags });
  } catch (error) {
    const sources = text === '' ? 'CROWNLABS_* variables and flags' : `${places.config}, then CROWNLABS_* variables and flags`;
    throw new LabError('Invalid', `${messageOf(error).trimEnd()}\nIt is read from ${sources}.`, { cause: error });
  }
}

/** `publicURL` is `CROWNLABS_PUBLIC_URL`, and so on. Numbers and booleans are read as such. */
function fromEnvironment(): Record<string, unknown> {
  const keys = Object.keys(ConfigSchema.shape).filter((key) => key !== 'dataDir');
  return Object.fromEntries(
    keys.flatMap((key) => {
      const value = process.env[variableOf(key)];
      return value === undefined || value === '' ? [] : [[key, typed(value)]];
    }),
  );
}

function variableOf(key: string): string {
  return `CROWNLABS_${key.replaceAll(/([a-z])([A-Z])/g, '$1_$2').toUpperCase()}`;
}

function typed(value: string): unknown {
  if (value === 'true' || value === 'false') return value === 'true';
  return /^\d+$/.test(value) ? Number(value) : value;
}
