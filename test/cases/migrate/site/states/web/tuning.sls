web_tuning:
  file.append:
    - name: /etc/sysctl.conf
    - text: net.core.somaxconn = 1024
