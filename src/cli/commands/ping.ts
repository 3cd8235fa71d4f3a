import { durationText, startWatch } from '#base/time.ts';
import { visibleLine } from '#base/visible.ts';
import { command } from '../command.ts';
import { checkWay } from '../diagnose-way.ts';
import { paint } from '../report/style.ts';
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
    const checks = await checkWay(session);
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
