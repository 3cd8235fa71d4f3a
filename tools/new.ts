/**
 * Starts something new in the shape of all others of its kind: `npm run new state sysctl.present`, `function`, `fact`.
 * The file it writes has an example that fails, so that the tests say what is left to do.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { blank, type Kind, kinds, register } from './docs/shapes.ts';

const root = join(import.meta.dirname, '..');
const [kind, name] = process.argv.slice(2);

if (!isKind(kind) || name === undefined || !shapeOf(kind).test(name)) {
  console.error(`Use "npm run new ${Object.keys(kinds).join('|')} <name>", such as "npm run new state sysctl.present"`);
  process.exit(64);
}

const { folder, registry } = kinds[kind];
const subject = name.split('.')[0] ?? name;
const path = `${folder}/${subject}.ts`;
const place = join(root, path);

if (existsSync(place) || existsSync(join(root, folder, subject))) {
  console.error(`Cannot make "${path}": ${subject} is there already; add "${name}" to it, like its neighbours`);
  process.exit(1);
}

mkdirSync(dirname(place), { recursive: true });
writeFileSync(place, blank(kind, name));
const index = join(root, registry);
writeFileSync(index, register(kind, subject, readFileSync(index, 'utf8')));
console.log(`${path} is written, and registered in ${registry}. Its example fails: "npm test ${folder}" shows how.`);

function isKind(word: string | undefined): word is Kind {
  return word !== undefined && word in kinds;
}

function shapeOf(each: Kind): RegExp {
  return each === 'fact' ? /^[a-z][a-z0-9_]*$/ : /^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/;
}
