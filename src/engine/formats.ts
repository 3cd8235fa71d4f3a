import type { Formats } from '#kit/context.ts';
import { dumpJson } from '#render/json.ts';
import { parseJsonDocument } from '#render/json-document.ts';
import { fromPlain } from '#render/render.ts';
import { Source } from '#render/source.ts';
import { identityMap } from '#render/source-map.ts';
import { dumpToml, parseTomlDocument } from '#render/toml.ts';
import { dumpYaml, parseYaml } from '#render/yaml.ts';
import { plainOf } from './node.ts';

const readers = { json: parseJsonDocument, yaml: parseYaml, toml: parseTomlDocument };

/** The formats of the project's own files, for what modules read and write. */
export const formats: Formats = {
  read: (format, text, path) => plainOf(readers[format](text, identityMap(new Source(path, text)))),
  write(format, data, options = {}) {
    const value = fromPlain(data);
    if (format === 'toml') return dumpToml(value);
    if (format === 'yaml') {
      const { flow, width, sortKeys, indent, ascii = true } = options;
      return dumpYaml(value, {
        ascii,
        ...(flow !== undefined && { flow }),
        ...(width !== undefined && { width }),
        ...(sortKeys !== undefined && { sortKeys }),
        ...(typeof indent === 'number' && { indent }),
      });
    }
    const { indent, separators, sortKeys = true, ascii = false } = options;
    return `${dumpJson(value, { indent, separators, sortKeys, ascii })}\n`;
  },
};
