import type { Place } from '#base/errors.ts';
import { referenceKeywords } from '#engine/keywords.ts';
import { type Reference, readReferences } from '#engine/references.ts';
import { globMatches } from '#pattern/glob.ts';
import { isStateFile, type Machine, type Survey } from '../survey.ts';
import { isNamedBy, wordsOf } from '../template/words.ts';
import type { Compiled } from './compiler.ts';
import { refOfPath } from './ref.ts';
import { refOf } from './tree.ts';

export interface Declared {
  /** As a message names it: `service: nginx`. */
  readonly what: string;
  readonly ref: string;
}

interface Question {
  readonly at: Place;
  readonly compiled: Compiled;
  readonly machine: Machine;
  readonly survey: Survey;
}

/**
 * What is known of an id that a run does not have: a file outside of it that declares it, "perhaps" when a file of the
 * run may declare it with other settings, undefined when nothing does.
 */
export function missingAt(question: Question): Declared | 'perhaps' | 'elsewhere, and met there' | undefined {
  const { compiled, machine, survey, at } = question;
  const reference = referenceAt(question);
  if (reference === undefined) return undefined;
  const inRun = new Set(compiled.documents.map(({ source }) => source.path));
  const isDoubtful = [...inRun].some((path) => machine.watched.doubtsOf(path).size > 0);
  const parts = isDoubtful ? partsOf(inRun, survey) : inRun;
  const may = (isMeant: (written: string) => boolean) =>
    isDoubtful && filesDeclaring(survey, isMeant).some((path) => parts.has(path));
  if (may((written) => written === reference.pattern)) return 'perhaps';
  const outside = otherRuns(question, reference) ?? otherFile(reference.pattern, inRun, survey);
  if (outside === undefined) return may((written) => globMatches(written, reference.pattern)) ? 'perhaps' : undefined;
  const isMet = machine.compiled.some(
    (other) =>
      other !== compiled &&
      !other.isIncomplete &&
      other.documents.some(({ source }) => source.path === at.file) &&
      !other.errors.some((error) => error.at?.file === at.file && error.at.line === at.line),
  );
  if (isMet) return 'elsewhere, and met there';
  // The file that declares it may include this one, under conditions that are not met here.
  const own = refOf(compiled);
  if (
    isNamedBy(
      wordsOf(survey).filter(({ path }) => refOfPath(path) === outside),
      own,
    )
  )
    return 'perhaps';
  return { what: reference.text, ref: outside };
}

/** Files, and the templates that they are made of. */
function partsOf(files: ReadonlySet<string>, { uses }: Survey): ReadonlySet<string> {
  const parts = new Set(files);
  for (const part of parts) {
    for (const use of uses) if (use.user.path === part) for (const each of use.files) parts.add(each);
  }
  return parts;
}

/** The file by which another run on the same machine has what this one misses. */
function otherRuns({ machine, compiled }: Question, { module, pattern }: Named): string | undefined {
  const own = new Set(compiled.documents.map(({ source }) => source.path));
  for (const other of machine.compiled) {
    const step = other.graph.steps.find(
      (each) =>
        (module === undefined || each.module === module) &&
        (globMatches(pattern, each.id) || globMatches(pattern, each.name)) &&
        !own.has(each.draft.entry.source.path),
    );
    if (step) return step.ref;
  }
  return undefined;
}

/** A file whose text declares it, under conditions that are not met here. */
function otherFile(id: string, inRun: ReadonlySet<string>, survey: Survey): string | undefined {
  const paths = filesDeclaring(survey, (written) => written === id);
  const path = paths.find((each) => isStateFile(each) && !inRun.has(each));
  return path && refOfPath(path);
}

type Named = Pick<Reference, 'module' | 'pattern' | 'text'>;

/** What the error at a place looked for. */
function referenceAt({ at, compiled }: Question): Named | undefined {
  const isHere = (place: Place) => place.file === at.file && place.line === at.line && place.column === at.column;
  for (const { source, entries, extensions } of compiled.documents) {
    for (const { id, at: place, declarations } of extensions) {
      if (isHere(place)) return { pattern: id, module: declarations[0]?.module, text: `"${id}"` };
    }
    for (const { id, declarations } of [...entries, ...extensions]) {
      for (const { module, args } of declarations) {
        for (const argument of args.values()) {
          if (!referenceKeywords.has(argument.key)) continue;
          const owner = { id, module, ref: source.ref, dialect: source.dialect };
          const found = readReferences(argument, owner).find((each) => isHere(each.at));
          if (found) return { ...found, text: `"${found.text}"` };
        }
      }
    }
  }
  return undefined;
}

const declared = new WeakMap<Survey, ReadonlyMap<string, readonly string[]>>();

/** Files whose text has an id or name that is meant, whichever branch it stands in. */
function filesDeclaring(survey: Survey, isMeant: (written: string) => boolean): readonly string[] {
  const known = declared.get(survey) ?? declarations(survey);
  declared.set(survey, known);
  return [...known].filter(([, ids]) => ids.some(isMeant)).map(([path]) => path);
}

/** What each template may declare: keys and names of its text, `*` for what an expression makes of it. */
function declarations({ templates, textOf }: Survey): ReadonlyMap<string, readonly string[]> {
  return new Map(
    templates.map(({ path }) => {
      const lines = textOf(path).split('\n');
      return [path, lines.flatMap((line) => idOf(line) ?? [])];
    }),
  );
}

function idOf(line: string): string | undefined {
  const flat = line.replace(/\{%.*?%\}/g, '').replace(/\{\{.*?\}\}/g, '*');
  const written = /^\s*(?:- )?(?:name:\s*)?(.+?)\s*:?\s*(?:#.*)?$/.exec(flat)?.[1];
  return written?.replace(/^(['"])(.*)\1$/, '$2').replaceAll('[', '?');
}
