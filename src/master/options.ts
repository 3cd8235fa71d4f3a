import { type OptionValues, optionTable } from '#base/options.ts';

/** Everything `master.yaml`, the environment and flags may say. */
export const masterOptions = optionTable([
  {
    key: 'nats_url',
    type: 'list',
    summary: 'NATS servers, tls:// only',
    default: ['tls://nats:4222'],
    env: 'NATS_URL',
    restart: true,
  },
  {
    key: 'nats_ca',
    type: 'string',
    summary: 'File of the CA that issued their certificates; <auth_dir>/nats-ca.crt when left out',
    env: 'NATS_CA_FILE',
    restart: true,
  },
  {
    key: 'nats_advertise_urls',
    type: 'list',
    summary: 'NATS servers as peels reach them; nats_url when left out',
    default: [],
    restart: true,
  },
  {
    key: 'auth_dir',
    type: 'string',
    summary: 'Folder made by "zester nats-auth init"',
    default: '/var/lib/zester/auth',
    restart: true,
  },
  {
    key: 'ca_dir',
    type: 'string',
    summary: 'Folder made by "zester ca init"; <auth_dir>/ca when left out',
    restart: true,
  },
  {
    key: 'states_dir',
    type: 'string',
    summary: 'Folder of the state tree',
    default: '/var/lib/zester/states',
    restart: true,
  },
  {
    key: 'files_interval',
    type: 'duration',
    summary: 'Time between two looks at the state tree, beside watching it',
    default: 30_000,
    restart: true,
  },
  {
    key: 'enroll_addr',
    type: 'string',
    summary: 'Address of the enrolment service; empty for none',
    default: '0.0.0.0:8443',
    restart: true,
  },
  {
    key: 'enroll_sans',
    type: 'list',
    summary: 'Names and addresses its certificate carries, beside the host name',
    default: [],
    restart: true,
  },
  {
    key: 'jetstream_replicas',
    type: 'int',
    summary: 'Copies of everything stored; 0 takes what the cluster can give, at most 3',
    default: 0,
    restart: true,
  },
  {
    key: 'health_addr',
    type: 'string',
    summary: 'Address of /healthz, /readyz and /metrics; empty for none',
    default: '127.0.0.1:9091',
    restart: true,
  },
  {
    key: 'log_level',
    type: 'choice',
    choices: ['debug', 'info', 'warn', 'error'],
    summary: 'Least level that is logged',
    default: 'info',
    restart: true,
  },
  {
    key: 'log_format',
    type: 'choice',
    choices: ['json', 'text'],
    summary: 'One JSON object a line, or text for a terminal',
    default: 'json',
    restart: true,
  },
]);
export type MasterOptions = OptionValues<typeof masterOptions>;
