/** A timer trigger of a function or object, as `cloudfunction-config.triggers` declares it (spec/triggers.md §1). */
export interface Trigger {
  /** The function or object it belongs to. A function has at most one trigger, so this names the trigger too. */
  functionName: string
  /** The configured name; reaches user code as `TriggerName`, except on aliyun. */
  name: string
  /** Cron expression as written. */
  config: string
}
