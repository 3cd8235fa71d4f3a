import type { ErrorBody } from '#wire/error.ts';

/** What `zester-peel apply --json` prints when states answer so, id → result, or when a tree is refused. */
export function answerText({
  results,
  skipReason,
  error,
}: {
  readonly results?: Readonly<Record<string, string>>;
  readonly skipReason?: string;
  readonly error?: ErrorBody;
}): string {
  const steps = Object.entries(results ?? {}).map(([id, result]) => ({
    ...{ id, name: id, state: 'test.nop', result, changed: false },
    ...{ started_at: '2026-01-01T00:00:00.000Z', took_ms: 1 },
    ...(skipReason === undefined ? {} : { skip_reason: skipReason }),
  }));
  const success = error === undefined && !Object.values(results ?? {}).includes('failed');
  return JSON.stringify({
    ...{ jid: '2MpLDTskVTn1ManPDBnnx3N95E6', peel_id: 'case', status: success ? 'success' : 'failed', success },
    ...{ results: results === undefined ? null : steps, error },
  });
}
