/** What a state file is called: `web/init.zy` is `web`. */
export function refOfPath(path: string): string {
  return path.replace(/(\/init)?\.(zy|sls)$/, '').replaceAll('/', '.');
}
