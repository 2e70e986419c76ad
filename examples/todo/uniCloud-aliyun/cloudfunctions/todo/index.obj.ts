import { cleanTitle } from 'todo-text'
import createConfig from 'uni-config-center'

const db = uniCloud.database()
const _ = db.command
const todos = db.collection('todo')
const config = createConfig({ pluginId: 'todo', defaultConfig: { maxTitleLength: 80, keepDoneDays: 7 } })

/** `this` in every method; what `_before` puts on it is there for the method and for `_after`. */
interface TodoContext extends CloudObjectContext {
  startedAt: number
}

/** A to-do list: an app, a URL or another function calls each member that does not start with `_`. */
export default {
  _before(this: TodoContext) {
    this.startedAt = Date.now()
  },

  /** Runs after every method; what it returns is what the caller gets. */
  _after(this: TodoContext, error: Error | undefined, result: object) {
    if (error) throw error
    console.log(`${this.getMethodName()} took ${Date.now() - this.startedAt} ms`)
    return result
  },

  async add({ title }: { title: string }) {
    const text = cleanTitle(title, config.config('maxTitleLength') as number)
    if (!text) return { errCode: 'todo-empty-title', errMsg: 'A to-do needs a title' }
    const { id } = await todos.add({ title: text, done: false, created: Date.now() })
    return { errCode: 0, id, title: text }
  },

  async list() {
    const { data } = await todos.orderBy('created', 'asc').get()
    return { errCode: 0, total: data.length, data }
  },

  async done({ id }: { id: string }) {
    const { updated } = await todos.doc(id).update({ done: true, finished: Date.now() })
    return updated ? { errCode: 0 } : { errCode: 'todo-not-found', errMsg: `There is no to-do ${id}` }
  },

  /** Fired every night at three (UTC+8) by the trigger in package.json. */
  async _timing() {
    const before = Date.now() - (config.config('keepDoneDays') as number) * 24 * 3600 * 1000
    const { deleted } = await todos.where({ done: true, finished: _.lt(before) }).remove()
    console.log(`removed ${deleted} finished to-dos`)
    return { deleted }
  },
}
