apt_refresh:
  cmd.run:
    - name: apt-get update
    - onlyif: test -e /etc/apt/sources.list
    - unless:
      - fun: file.file_exists
        args: [/var/lib/apt/fresh]
    - retry:
        attempts: 3
        interval: 5
