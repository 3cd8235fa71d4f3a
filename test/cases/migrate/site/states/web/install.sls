{%- from 'web/map.jinja' import web with context -%}
web_package:
  pkg.installed:
    - name: {{ web.package }}
{%- if 'pkg.version' in salt and salt['pkg.version'](web.package) %}
    - reload_modules: true
{%- endif %}
