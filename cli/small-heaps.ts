/**
 * Heaps that stay small. A dev server runs beside an editor, a browser and an emulator on the same machine and holds a
 * heap for each instance; left alone, V8 lets every one of them grow by dozens of megabytes of garbage under load.
 */
import { setFlagsFromString } from 'node:v8'

/** A thread has loaded what it needs this long after it came up, in milliseconds. */
const settleMs = 80

/** For all heaps of this process, those of its threads included. */
export function keepHeapsSmall(): void {
  let settled = setTimeout(small, settleMs).unref()
  process.on('worker', (worker) => {
    // Under flags that differ from those Node was built with, its code cache counts for nothing: a thread that starts
    // would compile what it could read.
    asBuilt()
    clearTimeout(settled)
    worker.once('online', () => {
      clearTimeout(settled)
      settled = setTimeout(small, settleMs).unref()
    })
  })
}

// internals

function small(): void {
  // The young generation keeps the size it has: calls leave little behind that lives on.
  setFlagsFromString('--semi-space-growth-factor=1')
  // The old one is collected when it has grown by half, not when it is four times as large.
  setFlagsFromString('--heap-growing-percent=50')
}

function asBuilt(): void {
  setFlagsFromString('--semi-space-growth-factor=2')
  setFlagsFromString('--heap-growing-percent=0')
}
