include:
  - web

web_status:
  file.managed:
    - name: /var/www/status
    - require:
      - sls: web
