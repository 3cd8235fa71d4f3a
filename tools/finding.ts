/** A rule that does not hold somewhere, and what to do instead. */
export interface Finding {
  readonly file: string;
  readonly line?: number | undefined;
  readonly message: string;
  readonly instead: string;
}

/** Prints findings for a person and sets the exit code; the sentence is for when there are none. */
export function report(findings: readonly Finding[], sentence: string): void {
  for (const { file, line, message, instead } of findings) {
    console.log(`${line === undefined ? file : `${file}:${line}`}: ${message}\n    instead: ${instead}`);
  }
  if (findings.length === 0) console.log(sentence);
  else process.exitCode = 1;
}
