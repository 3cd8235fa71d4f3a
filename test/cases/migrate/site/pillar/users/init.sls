include:
  - users.admins

users:
  deploy:
    groups: [www-data]
