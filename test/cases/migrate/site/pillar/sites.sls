sites:
  shop.example.com: {port: 8080}
  blog.example.com: {port: 8081}
