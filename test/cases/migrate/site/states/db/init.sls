db_package:
  pkg.installed:
    - name: postgresql

db_service:
  service.running:
    - name: postgresql
