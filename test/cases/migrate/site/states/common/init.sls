include:
  - .motd

common_packages:
  pkg.installed:
    - pkgs: {{ salt['pillar.get']('packages', ['curl', 'less']) | json }}

/etc/app.d:
  file.directory:
    - mode: 0755
    - makedirs: True
    - require:
      - pkg: common_packages

timezone_file:
  file.managed:
    - name: /etc/timezone
    - contents_pillar: timezone
