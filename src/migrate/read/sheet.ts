import { isError, type ZesterError } from '#base/errors.ts';
import { readTemplate as parseTemplate } from '#lint/template/template.ts';
import { readPipeline } from '#render/render.ts';
import { Source } from '#render/source.ts';
import { type Skeleton, skeletonOf } from './skeleton.ts';
import { type Parts, partsOf } from './tags.ts';
import { type Uses, usesOf } from './template.ts';

/** A text file of a tree, read as far as it can be read without being rendered. */
export interface Sheet {
  readonly source: Source;
  /** Why it cannot be read at all: a renderer that is not there, a template that is no template. */
  readonly trouble: ZesterError | undefined;
  /** What its template uses; nothing of a file that is no template. */
  readonly uses: Uses | undefined;
  /** Its data as written, for a file that holds YAML. */
  readonly skeleton: Skeleton | undefined;
}

/** A state file or a file of settings, whose first line may name its renderers. */
export function readSheet(path: string, text: string): Sheet {
  const source = new Source(path, text);
  try {
    return { ...readDocument(source, text), trouble: undefined };
  } catch (error) {
    if (!isError(error)) throw error;
    const opened = withoutGpg(text);
    return opened === text
      ? { ...unread, source, trouble: error }
      : { ...readSheet(path, opened), source, trouble: error };
  }
}

const unread = { uses: undefined, skeleton: undefined };

/** Throws what keeps the file from being read. */
function readDocument(source: Source, text: string): Omit<Sheet, 'trouble'> {
  const { steps } = readPipeline({ path: source.path, text });
  const isTemplate = steps.includes('jinja');
  const parts: Parts = isTemplate ? partsOf(source) : { tags: [], texts: [{ start: 0, end: text.length }] };
  return {
    source,
    uses: isTemplate ? usesOf(parseTemplate(source.path, source.text)) : undefined,
    skeleton: steps.includes('yaml') ? skeletonOf(source, parts) : undefined,
  };
}

/** What GPG would open is closed text without it; everything stays in its place. */
function withoutGpg(text: string): string {
  return text.replace(/^#![^\n]*/, (line) => line.replace(/\|\s*gpg\b/, (step) => ' '.repeat(step.length)));
}

/** A template alone: a managed file, or what other templates import. */
export function readTemplate(path: string, text: string): Sheet {
  const source = new Source(path, text);
  try {
    return { ...unread, source, uses: usesOf(parseTemplate(source.path, source.text)), trouble: undefined };
  } catch (error) {
    if (isError(error)) return { ...unread, source, trouble: error };
    throw error;
  }
}
