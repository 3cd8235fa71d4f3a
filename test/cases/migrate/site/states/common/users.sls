{%- set defaults = {'shell': '/bin/bash', 'groups': []} %}
{%- for name, given in salt['pillar.get']('users', {})|dictsort %}
{%- set user = salt['slsutil.merge'](defaults, given) %}

{{ name }}:
  group.present: []
  user.present:
    - shell: {{ user.shell }}
    - groups: {{ user.groups | yaml }}
    - require:
      - group: {{ name }}
    {%- if not loop.first %}
    - order: {{ 100 + loop.index }}
    {%- endif %}
{%- endfor %}
