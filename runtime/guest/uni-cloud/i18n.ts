/** `uniCloud.initI18n`: the I18n class of uni-i18n, with its messages (spec/runtime.md §12). */
import type { I18n, I18nOptions } from '@dcloudio/uni-i18n'
import { packages } from './packages.ts'

/**
 * @param options `locale` may name a language that `messages` does not have: callers set another one later
 */
export function initI18n(options: I18nOptions): I18n {
  const { I18n } = packages.i18n()
  return new I18n({ ...options, locale: typeof options?.locale === 'string' ? options.locale : '' })
}
