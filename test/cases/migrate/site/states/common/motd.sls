/etc/motd:
  file.managed:
    - contents: |
        This is {{ grains['id'] }}, a {{ grains['os'] }} {{ grains['osmajorrelease'] }}.
        {%- if pillar.get('owner') %}
        Ask {{ pillar['owner'] }} before you break it.
        {%- endif %}
