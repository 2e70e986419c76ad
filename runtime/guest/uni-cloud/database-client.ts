/**
 * What `uniCloud.database()` is made of. Half of all code of an instance, and bson with it, so it is a bundle of its
 * own (scripts/build.js) that only instances load whose functions use the database.
 */
export { createDatabaseApi, type DatabaseApi, ObjectIdSource } from '../../../database/api/index.ts'
export { PortDatabase } from '../../../database/engine/port-client.ts'
