include:
  - web

extend:
  web_service:
    service:
      - watch:
        - file: app_config
  web_package:
    pkg:
      - version: {{ salt['pillar.get']('web:version', 'latest') }}

app_config:
  file.managed:
    - name: /etc/app.d/app.ini
    - source: salt://app/files/app.ini
    - backup: minion
    - require:
      - /etc/app.d

app_deploy:
  cmd.run:
    - name: /usr/local/bin/deploy
    - runas: deploy
    - env:
      - APP_ENV: {{ pillar['environment'] }}
    - onchanges_any:
      - file: app_config
    - onfail_in:
      - test: app_failed

app_failed:
  test.show_notification:
    - text: The deployment failed
    - require_in:
      - cmd: app_report

app_report:
  cmd:
    - wait
    - name: /usr/local/bin/report
    - watch:
      - cmd: app_deploy

app_old:
  module.run:
    - name: service.restart
    - m_name: app
    - order: last

exclude:
  - id: office_note
