import { defineConfig } from 'unicloud-local'

export default defineConfig({
  port: 7100,
})
