web:
  lookup:
    package: nginx-light
