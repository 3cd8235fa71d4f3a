{%- from 'web/map.jinja' import web with context %}
{%- from 'lib/macros.jinja' import config_file %}

include:
  - common
  - .install

# The configuration, and what it is made of.
{{ config_file(web.config, 'salt://web/files/nginx.conf.jinja', web.service) }}

web_service:
  service.running:
    - name: {{ web.service }}
    - enable: True
    - require:
      - pkg: web_package

{%- for site, options in pillar.get('sites', {}).items() %}
web_site_{{ site }}:
  file.managed:
    - name: /etc/nginx/sites-enabled/{{ site }}.conf
    - source:
      - salt://web/files/{{ grains.id }}/site.conf.jinja
      - salt://web/files/site.conf.jinja
    - template: jinja
    - context:
        site: {{ site | json }}
        options: {{ options | json }}
    - require:
      - file: {{ web.config }}
    - listen_in:
      - service: web_service
{%- endfor %}

web_cache_dropped:
  cmd.run:
    - name: rm -rf /var/cache/nginx
    - prereq:
      - pkg: web_package
    - onchanges:
      - file: {{ web.config }}
