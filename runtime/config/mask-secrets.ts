/** A connection string as it may be shown: user and password replaced. For messages, summaries and logs. */
export function maskSecrets(text: string): string {
  return text.replace(/:\/\/[^@/]*@/g, '://…@')
}
