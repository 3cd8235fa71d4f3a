import * as z from 'zod/mini';
import { Answer } from '#wire/json/answer.ts';
import { ErrorDocument } from '#wire/json/error.ts';
import { Moment } from '#wire/json/shape.ts';
import { PlanFile } from '../plan-file.ts';
import { Event } from './events.ts';
import { jsonVersion, outputs } from './registry.ts';
import { LocalCheck } from './trees.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** JSON Schema of everything that programs are given, by its name: `job-list`, `error`, `event`. */
export function jsonSchemas(): Readonly<Record<string, JsonSchema>> {
  const commands = Object.entries(outputs).map(([name, schema]) => {
    return [name.replaceAll(' ', '-'), `zester ${name} --json`, schema] as const;
  });
  const others = [
    ['error', 'What --json prints on standard error when a command could not do its work', ErrorDocument],
    ['event', 'One line of --json --stream', Event],
    ['plan-file', "zester '<target>' state.plan … --out FILE", PlanFile],
    ['local-apply', 'zester-peel apply --local --json', Answer],
    ['local-check', 'zester-peel check --json', LocalCheck],
  ] as const;
  return Object.fromEntries(
    [...commands, ...others].map(([name, title, schema]) => [name, described(name, title, schema)]),
  );
}

function described(name: string, title: string, schema: z.core.$ZodType): JsonSchema {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'output', override });
  return { $schema, $id: `urn:zester:json:${jsonVersion}:${name}`, title, ...rest };
}

/** What a reader needs: fields may be added, whole numbers have no limits worth a line, moments one short pattern. */
function override({
  zodSchema,
  jsonSchema,
}: {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: z.core.JSONSchema.BaseSchema;
}) {
  if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (zodSchema === Moment) jsonSchema.pattern = '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$';
}
