/**
 * Payment statistics of uni-stat (spec/uni-pay.md §5): rows of `uni-stat-pay-result` for hours, days, weeks, months,
 * quarters and years, and what the pages of an administrator make of them. What is to be made says
 * `uni-config-center/uni-stat/config.json`; without `realtimeStat: true` in it there is nothing to do.
 *
 * Nothing fires it by itself. A job does, once an hour after the hour: `unicloud-local run uni-stat-cron --timing`, or
 * a function of the project with the timer of the published one, `19 19 * * * * *`:
 * `exports.main = () => uniCloud.importObject('uni-stat-cron').run()`.
 */
import { type Backfilled, type BackfillParams, backfill } from './backfill.ts'
import { runJobs } from './jobs.ts'
import { mayRead } from './permission.ts'
import { overview, type Period, type RankingFilter, type ReportFilter, ranking } from './reports.ts'

type Row = UniCloudGuest.Row
type Done = { done: number; failed: number }

export default {
  /** For cloud code. */
  async run(this: CloudObjectContext): Promise<Done> {
    if (this.getClientInfo().source !== 'function') throw new Error('run is for cloud code only')
    return await runJobs(Date.now())
  },

  /**
   * Rows of a period that has passed, for cloud code and for whoever runs the space:
   * `unicloud-local run uni-stat-cron.backfill --params '[{"from":"2026-01-01T00:00:00+08:00"}]'`.
   */
  async backfill(this: CloudObjectContext, params: BackfillParams): Promise<Backfilled> {
    const { source } = this.getClientInfo()
    if (source !== 'function' && source !== 'server')
      throw new Error('backfill is for cloud code and the command line only')
    return await backfill(params ?? {}, Date.now())
  },

  /** Today, yesterday, the day before, this week, month, quarter, year, and all years. */
  async overview(
    this: CloudObjectContext,
    filter: ReportFilter,
  ): Promise<Row | { errCode: 0; data: Record<string, Period> }> {
    const refusal = await mayRead(this)
    return refusal ?? { errCode: 0, data: await overview(filter ?? {}, Date.now()) }
  },

  /** The users that have paid most. */
  async ranking(this: CloudObjectContext, filter: RankingFilter): Promise<Row> {
    const refusal = await mayRead(this)
    return refusal ?? { errCode: 0, data: await ranking(filter ?? {}) }
  },

  async _timing(): Promise<Done> {
    return await runJobs(Date.now())
  },
}
