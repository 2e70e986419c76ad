const { Miniflare } = require('miniflare')

const worker = new Miniflare({
  modules: true,
  host: '127.0.0.1',
  port: Number(process.env.PORT),
  script: `export default { fetch: () => Response.json({ hello: 'world', version: 1 }) }`,
})
worker.ready
for (const signal of ['SIGTERM', 'SIGINT'])
  process.on(signal, () => worker.dispose().then(() => process.exit(0)))
