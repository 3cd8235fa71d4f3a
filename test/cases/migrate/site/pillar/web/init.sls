role: frontend
web:
  version: '1.24'
  lookup:
    workers: 4
