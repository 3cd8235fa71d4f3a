import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface SiteOptions {
  /** Name of the package; none where machines are folders. */
  readonly package: string | undefined;
  readonly port: number;
}

/** Writes the state tree that the demo applies. */
export function writeStates(states: string, site: SiteOptions): void {
  mkdirSync(join(states, 'nginx'), { recursive: true });
  writeFileSync(join(states, 'top.zy'), "base:\n  'web-*':\n    - nginx\n");
  writeFileSync(
    join(states, 'nginx', 'init.zy'),
    site.package === undefined ? files(site, '') : whole(site.package, site),
  );
  writeFileSync(join(states, 'nginx', 'site.conf'), siteConf);
  writeFileSync(join(states, 'notice.zy'), notice);
}

const siteConf = `# {{ facts.id }}, managed by Zester
server {
    listen 127.0.0.1:{{ port }};
    server_name {{ facts.id }};
    root /var/www/zester;
}
`;

const notice = `notice:
  file.managed:
    - name: /etc/notice
    - contents: {{ facts.id }} is managed
    - makedirs: true
`;

function files({ port }: SiteOptions, requisite: string): string {
  return `site:
  file.managed:
    - name: /etc/nginx/conf.d/zester.conf
    - source: zester://nginx/site.conf
    - template: jinja
    - context:
        port: ${port}
    - mode: "0644"
    - makedirs: true
${requisite}page:
  file.managed:
    - name: /var/www/zester/index.html
    - contents: Hello from {{ facts.id }}
    - mode: "0644"
    - makedirs: true
`;
}

function whole(name: string, site: SiteOptions): string {
  return `web-package:
  pkg.installed:
    - name: ${name}
default-site:
  file.absent:
    - name: /etc/nginx/sites-enabled/default
    - require:
      - pkg: web-package
${files(site, '    - require:\n      - pkg: web-package\n')}web-service:
  service.running:
    - name: nginx
    - require:
      - file: page
    - watch:
      - file: site
      - file: default-site
`;
}
