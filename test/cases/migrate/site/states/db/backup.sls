include:
  - db

/usr/local/bin/backup:
  file.managed:
    - contents: |
        #!/bin/sh
        exec pg_dumpall
    - mode: 750
    - require:
      - pkg: db_package
