// `npm run dev`: builds, then serves in this same process.
import { stop } from 'esbuild'

await import('./build.js')
await stop()

// A signal that npm passes on ends the shell between npm and us, and nothing tells us but that we have another parent.
const shell = process.ppid
const watch = setInterval(() => {
  if (process.ppid === shell) return
  clearInterval(watch)
  process.kill(process.pid, 'SIGTERM')
}, 500)
watch.unref()

process.argv.splice(2, 0, 'dev')
await import('../dist/cli/main.js')
