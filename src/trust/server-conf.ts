export interface ServerConf {
  /** Folder of the files `zester nats-auth init` made. */
  readonly authDir: string;
  readonly host?: string;
  readonly port?: number;
  readonly certificate: string;
  readonly key: string;
  readonly storeDir: string;
  readonly resolverDir: string;
  readonly operatorJwt: string;
  readonly systemAccount: string;
  /** Account key → JWT, to begin with; what is in the resolver's folder and newer wins. */
  readonly preload: Readonly<Record<string, string>>;
}

/** A ready `nats-server.conf`. */
export function serverConf({ host = '0.0.0.0', port = 4222, ...conf }: ServerConf): string {
  const preload = Object.entries(conf.preload).map(([account, jwt]) => `  ${account}: ${jwt}`);
  return `# Made by "zester nats-auth init". Copy this file with the paths it names to each NATS server.

listen: ${quote(`${host}:${port}`)}

# TLS 1.3 and nothing else, before a word is said in the clear.
tls {
  cert_file: ${quote(conf.certificate)}
  key_file: ${quote(conf.key)}
  min_version: "1.3"
  # TLS from the first byte. With "auto" a client that is slow to speak is greeted in plain text and fails.
  handshake_first: true
  timeout: 5
}

jetstream {
  store_dir: ${quote(conf.storeDir)}

  # Every write is on disk before it is acknowledged. Without this line a power cut loses up to two minutes of
  # acknowledged writes: jobs, enrolments, secrets, audit. It costs throughput (3-4 thousand writes a second on a plain
  # disk), which those few writes never need; the stream of returns persists asynchronously, because each peel keeps
  # its returns until they are safe.
  sync_interval: always
}

# Who is who. Accounts live in the resolver's folder, so that a revocation outlives a restart.
operator: ${quote(conf.operatorJwt)}
system_account: ${conf.systemAccount}
resolver {
  type: full
  dir: ${quote(conf.resolverDir)}
  allow_delete: false
  interval: "2m"
  limit: 1000
}
resolver_preload {
${preload.join('\n')}
}

# A peel's JWT is a few hundred bytes, so the default max_control_line is enough.
max_payload: 1MB
max_connections: 64K
max_pending: 64MB
write_deadline: "10s"
ping_interval: "30s"
ping_max: 3
lame_duck_duration: "30s"
lame_duck_grace_period: "10s"
`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
