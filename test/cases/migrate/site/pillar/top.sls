base:
  '*':
    - users
    - common
  'G@os_family:Debian':
    - match: compound
    - web.debian
  'web*':
    - web
    - sites
