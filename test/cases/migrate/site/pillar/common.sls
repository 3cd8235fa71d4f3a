owner: platform@example.com
environment: production
timezone: Europe/Berlin
packages: [curl, vim, git]
