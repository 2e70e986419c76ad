/** Medians, process trees and their cost, read from the operating system (Linux). */
import { readdirSync, readFileSync } from 'node:fs'

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const value =
    sorted.length % 2 === 1 ? sorted[middle] : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
  return value ?? Number.NaN
}

/** @param share 0 to 1; 0.99: what all but one in a hundred stay below */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** A process and all its descendants. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const stat = readStat(Number(name))
    if (stat) children.set(stat.parent, [...(children.get(stat.parent) ?? []), Number(name)])
  }
  const found = [root]
  for (let i = 0; i < found.length; i++) found.push(...(children.get(found[i] ?? 0) ?? []))
  return found
}

/** User and system time of a process tree so far, in microseconds. */
export function cpuMicros(root: number): number {
  // The kernel counts in ticks of 10 ms (USER_HZ is 100 on every Linux that Node runs on).
  return processTree(root).reduce((sum, pid) => sum + (readStat(pid)?.ticks ?? 0) * 10_000, 0)
}

/** Memory of a process tree, in MB. */
export interface Memory {
  /** Proportional set size: pages that several processes have, such as Node's program, count in parts. */
  pss: number
  /** What no other process has: heaps, stacks, buffers. */
  own: number
}

export function memoryOf(root: number): Memory {
  const memory = { pss: 0, own: 0 }
  for (const pid of processTree(root)) {
    const text = readProc(pid, 'smaps_rollup')
    memory.pss += Number(text?.match(/^Pss:\s+(\d+)/m)?.[1] ?? 0) / 1024
    memory.own += Number(text?.match(/^Anonymous:\s+(\d+)/m)?.[1] ?? 0) / 1024
  }
  return memory
}

// internals

function readStat(pid: number): { parent: number; ticks: number } | undefined {
  const text = readProc(pid, 'stat')
  if (!text) return undefined
  // The second field is the name in brackets and may itself contain blanks.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) }
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return undefined // it ended between listing and reading
  }
}
