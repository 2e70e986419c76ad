/**
 * A mistake in the configuration, which is the developer's and not the client's: thrown, where business errors are
 * returned.
 *
 * @param message as uniCloud words it, because code and people search for it
 * @param mend shown below the message in the log
 */
export function configError(message: string, mend: string): Error {
  return new Error(message, { cause: mend })
}
