selinux_tools:
  pkg.installed:
    - names:
      - policycoreutils
      - checkpolicy:
        - version: '3.5'
{%- if grains['os_family'] == 'Windows' %}
  chocolatey.installed:
    - version: 1
{%- endif %}
