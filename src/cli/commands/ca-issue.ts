import { ZesterError } from '#base/errors.ts';
import { issueCertificate, openCa } from '#trust/ca-dir.ts';
import { publicMode, writeFile } from '#trust/files.ts';
import { command } from '../command.ts';

export const caIssue = command({
  name: 'ca issue',
  summary: 'Issue the certificate of a NATS server or of an enrolment service',
  notes: [
    'Offline; replaces an older one. "nats-server" also writes nats-ca.crt, the root that clients of that server need.',
  ],
  positionals: [{ name: 'kind', summary: 'nats-server or enroll', required: true }],
  flags: [
    { name: 'dir', summary: 'Folder of the CA', type: 'string', default: '/var/lib/zester/auth/ca' },
    { name: 'dns', summary: 'Host names it is for', type: 'list' },
    { name: 'ip', summary: 'Addresses it is for', type: 'list' },
    { name: 'out', summary: 'Folder to write to', type: 'string', default: '/var/lib/zester/auth' },
    { name: 'validity', summary: 'Life of the certificate', type: 'duration' },
  ],
  examples: [
    {
      title: 'For a NATS server with a name and an address',
      line: 'ca issue nats-server --dns nats.example.com --ip 10.0.0.5',
    },
    { title: 'For an enrolment service that does not issue its own', line: 'ca issue enroll --dns zester.example.com' },
  ],
  bus: false,
  async run({ kind, dir, dns, ip, out, validity }, { clock }) {
    if (kind !== 'nats-server' && kind !== 'enroll') {
      throw new ZesterError(
        'usage',
        'CA_KIND_UNKNOWN',
        `Cannot issue a certificate for "${kind}": there is no such kind`,
        {
          hint: 'Say "nats-server" or "enroll"',
        },
      );
    }
    const names = [...(dns ?? []), ...(ip ?? [])];
    const issued = issueCertificate({ dir, names, out: `${out}/${kind}`, now: clock.now(), lifetimeMs: validity });
    if (kind === 'enroll') return issued;
    const natsCa = `${out}/nats-ca.crt`;
    writeFile(natsCa, openCa(dir).root, publicMode);
    return { ...issued, natsCa };
  },
  show: ({ certificate, key, names, expiresAt, ...more }) =>
    [
      `Issued for ${names.join(', ')}, until ${new Date(expiresAt).toISOString().slice(0, 10)}`,
      certificate,
      key,
      ...('natsCa' in more ? [more.natsCa] : []),
      '',
    ].join('\n'),
});
