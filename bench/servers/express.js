// The baseline: bare Express 5 answering the same JSON.
import express from 'express'

express()
  .get('/', (_request, response) => response.json({ hello: 'world', version: 1 }))
  .listen(Number(process.env.PORT), '127.0.0.1')
