import { deflateSync, inflateSync } from 'node:zlib';
import { decode, encode } from '#wire/codec.ts';
import { JobRecord, JobRequest, type JobSummary } from '#wire/job.ts';

export function packPeels(peels: readonly string[]): Uint8Array {
  return deflateSync(peels.join(' '));
}

export function unpackPeels(packed: Uint8Array): string[] {
  const text = inflateSync(packed).toString('utf8');
  return text === '' ? [] : text.split(' ');
}

export function encodeRecord(record: JobRecord): Uint8Array {
  return encode(record);
}

export function decodeRecord(value: Uint8Array): JobRecord {
  return JobRecord.parse(decode(value));
}

export function requestOf(record: JobRecord): JobRequest {
  return JobRequest.parse(decode(record.request));
}

export function summaryOf(record: JobRecord): JobSummary {
  const request = requestOf(record);
  return {
    jid: record.jid,
    function: record.function,
    args: request.args,
    ...(request.id === undefined ? {} : { id: request.id }),
    target: record.target,
    targets: record.targets,
    state: record.state,
    test: record.test,
    operator: record.operator,
    created: record.created,
    deadline: record.deadline,
    ...(record.finished === undefined ? {} : { finished: record.finished }),
    returned: record.returned ?? 0,
    succeeded: record.succeeded ?? 0,
    ...(record.killedBy === undefined ? {} : { killedBy: record.killedBy }),
    ...(record.late === undefined ? {} : { late: record.late }),
    ...(record.refused === undefined ? {} : { refused: record.refused }),
  };
}
