const runtime = (globalThis as unknown as { Bun: Runtime }).Bun;

export interface Once {
  /** From the start of the process to its end. */
  readonly ms: number;
  /** Of the process and of all that it started and waited for. */
  readonly cpuMs: number;
  readonly out: string;
}

/** Runs a program to its end; throws when that is not exit code 0. */
export async function once(
  argv: readonly string[],
  { env, cwd }: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
): Promise<Once> {
  const startedAt = performance.now();
  const child = runtime.spawn(argv, { env: env ?? process.env, cwd, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const code = await child.exited;
  const ms = performance.now() - startedAt;
  const [out, error] = [await child.stdout.text(), await child.stderr.text()];
  if (code !== 0) throw new Error(`"${argv.slice(0, 3).join(' ')}" ended with ${code}: ${error || out}`);
  return { ms, cpuMs: Number(child.resourceUsage().cpuTime.total) / 1_000, out };
}

/** The runtime's own way to start a process: Node's does not tell what an ended child used. */
interface Runtime {
  spawn(argv: readonly string[], options: object): Child;
}

interface Child {
  readonly exited: Promise<number>;
  readonly stdout: { text(): Promise<string> };
  readonly stderr: { text(): Promise<string> };
  /** Microseconds. */
  resourceUsage(): { readonly cpuTime: { readonly total: bigint } };
}
