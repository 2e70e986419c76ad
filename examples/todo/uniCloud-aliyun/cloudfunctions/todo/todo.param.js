// What `unicloud-local run todo` calls when no parameters are given; it is read, never executed.
const clientInfo = { uniPlatform: 'web', locale: 'en' }

add({ title: 'Try unicloud-local' })
