/** One API call while it is being answered: what it is about, and the faults that are played in it. */
import type { ApiCall, CallLog, Verification } from './call-log.ts'
import type { FaultKind } from './fault-kinds.ts'
import type { Fault, FaultFacts, Faults } from './faults.ts'

export class Call {
  readonly facts: FaultFacts
  readonly entry: ApiCall
  readonly #faults: Faults
  readonly #log: CallLog

  constructor(facts: FaultFacts, entry: ApiCall, faults: Faults, log: CallLog) {
    this.facts = facts
    this.entry = entry
    this.#faults = faults
    this.#log = log
  }

  /** Uses up an armed fault of these kinds, if one fits this call, and writes it into the call log. */
  fault(...kinds: FaultKind[]): Fault | undefined {
    const fault = this.#faults.take(kinds, this.facts)
    if (fault) this.#log.noteFault(this.entry, fault)
    return fault
  }

  verified(verification: Verification): void {
    this.entry.verification = verification
  }

  /** A line in the call log that explains something about this call. */
  note(text: string): void {
    this.entry.notes.push(text)
  }
}
