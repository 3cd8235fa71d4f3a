# Who gets what.
base:
  '*':
    - common
    - common.users

  # Every machine that serves pages.
  'web*.example.com':
    - web
    - app

  'os_family:RedHat':
    - match: grain
    - common.selinux

  '(db|cache)[0-9]+':
    - match: pcre
    - db

  'db01.example.com,db02.example.com':
    - match: list
    - db.backup

  'G@os:(Debian|Ubuntu) or P@os:(Debian|Ubuntu)':
    - common.apt

  'role:frontend':
    - match: pillar
    - web.status

  'frontends':
    - match: nodegroup
    - web.tuning

  '192.0.2.0/24':
    - match: ipcidr
    - common.office
