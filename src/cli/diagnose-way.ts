import { asError } from '#base/errors.ts';
import { durationText } from '#base/time.ts';
import { channels } from '#wire/channels.ts';
import { type Check, diagnoseClock, diagnoseCredentials, diagnoseServer, diagnoseStores } from './diagnose.ts';
import { readText } from './files.ts';
import type { Session } from './session.ts';

/** The way to a master, from the outside in; what the servers lack decides only when none of them is left. */
export async function checkWay(session: Session): Promise<readonly Check[]> {
  const { values, file } = await session.config();
  const checks: Check[] = [{ name: 'options', ok: true, detail: `${file ?? 'no file'}: ${values.servers.join(', ')}` }];
  const ca = values.ca === undefined ? undefined : readText(values.ca, { hint: 'Check the path given with --ca' });
  const servers = await Promise.all(values.servers.map((server) => diagnoseServer(server, ca)));
  checks.push(...servers.flat());
  if (!servers.some((each) => each.every(({ ok }) => ok))) return checks;

  try {
    const credentials = diagnoseCredentials((await session.credentials()).jwt, session.clock.now());
    checks.push(credentials);
    if (!credentials.ok) return checks;
    await session.bus();
    checks.push({ name: 'login', ok: true, detail: 'the server let us in' });
    const sent = session.clock.now();
    const { master, version, peels, online, now, recreated = [], full = 0 } = await session.ask(channels.ping, {});
    const received = session.clock.now();
    const detail = `${master} (${version}) answered in ${durationText(received - sent)}, ${online} of ${peels} peels online`;
    const seen: Check[] = [...checks, { name: 'master', ok: true, detail }, diagnoseClock(now, sent, received)];
    return [...seen, ...diagnoseStores({ recreated, full })];
  } catch (thrown) {
    const { message, hint, family, code } = asError(thrown);
    const name = code === 'NO_MASTER' || code === 'BUS_SILENT' ? 'master' : family === 'denied' ? 'login' : 'bus';
    return [...checks, { name, ok: false, detail: message, ...(hint === undefined ? {} : { hint }) }];
  }
}
