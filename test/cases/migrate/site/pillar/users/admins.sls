users:
  alice:
    shell: /bin/zsh
    groups: [{% if grains['os_family'] == 'RedHat' %}wheel{% else %}sudo{% endif %}]
