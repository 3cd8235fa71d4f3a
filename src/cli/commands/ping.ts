import { asError } from '#base/errors.ts';
import { durationText, startWatch } from '#base/time.ts';
import { visibleLine } from '#base/visible.ts';
import { channels } from '#wire/channels.ts';
import { command } from '../command.ts';
import { type Check, diagnoseClock, diagnoseCredentials, diagnoseServer, diagnoseStores } from '../diagnose.ts';
import { readText } from '../files.ts';
import { paint } from '../report/style.ts';
import type { Session } from '../session.ts';

export const ping = command({
  name: 'ping',
  summary: 'Check the way to the masters, and name what is wrong with it',
  examples: [
    { title: 'Is everything well', line: 'ping' },
    { title: 'Try a server that is not in the configuration yet', line: 'ping --server tls://nats-2:4222' },
  ],
  bus: false,
  async run(_input, session) {
    const { elapsed } = startWatch(session.clock);
    const checks = await check(session);
    return { ok: checks.every(({ ok }) => ok), checks, ms: elapsed() };
  },
  show: ({ ok, checks, ms }, style) =>
    [
      ...checks.map(({ name, ok: fine, warn, detail, hint }) => {
        const mark = fine
          ? warn
            ? paint(style, 'yellow', 'WARN')
            : paint(style, 'green', 'ok  ')
          : paint(style, 'red', 'FAIL');
        const advice =
          hint === undefined ? '' : `                   ${paint(style, 'cyan', 'Hint:')} ${visibleLine(hint)}\n`;
        return `${mark}  ${name.padEnd(12)} ${visibleLine(detail)}\n${advice}`;
      }),
      ok && !checks.some(({ warn }) => warn) ? `Everything is well (${durationText(ms)})\n` : '',
    ].join(''),
  exit: ({ ok }) => (ok ? 0 : 1),
});

/** From the outside in; what the servers lack decides only when none of them is left. */
async function check(session: Session): Promise<readonly Check[]> {
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
