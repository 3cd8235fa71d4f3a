/** Which build this is. The bundler replaces the variables; a run from source says so. */
export const build = {
  version: process.env.ZESTER_BUILD_VERSION ?? '0.1.0-dev',
  commit: process.env.ZESTER_BUILD_COMMIT ?? 'source',
  date: process.env.ZESTER_BUILD_DATE ?? 'unknown',
} as const;

export function versionText(program: string): string {
  return `${program} ${build.version} (commit ${build.commit}, built ${build.date})`;
}
