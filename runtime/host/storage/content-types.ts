/** Content types by file ending, for what apps and pages store. */
import path from 'node:path'

/** The type by the ending of a path; binary when it is unknown. */
export function contentTypeOf(key: string): string {
  const ending = path.posix.extname(key).slice(1).toLowerCase()
  return types.get(ending) ?? 'application/octet-stream'
}

// internals

const types = new Map<string, string>(
  Object.entries({
    'text/html; charset=utf-8': 'html htm',
    'text/plain; charset=utf-8': 'txt log md',
    'text/css; charset=utf-8': 'css',
    'text/csv; charset=utf-8': 'csv',
    'text/javascript; charset=utf-8': 'js mjs',
    'application/json; charset=utf-8': 'json map',
    'application/xml; charset=utf-8': 'xml',
    'application/wasm': 'wasm',
    'image/png': 'png',
    'image/jpeg': 'jpg jpeg',
    'image/gif': 'gif',
    'image/webp': 'webp',
    'image/avif': 'avif',
    'image/svg+xml': 'svg',
    'image/bmp': 'bmp',
    'image/x-icon': 'ico',
    'image/heic': 'heic',
    'audio/mpeg': 'mp3',
    'audio/mp4': 'm4a',
    'audio/aac': 'aac',
    'audio/wav': 'wav',
    'audio/ogg': 'ogg',
    'audio/amr': 'amr',
    'video/mp4': 'mp4 m4v',
    'video/webm': 'webm',
    'video/quicktime': 'mov',
    'video/x-msvideo': 'avi',
    'application/vnd.apple.mpegurl': 'm3u8',
    'video/mp2t': 'ts',
    'application/pdf': 'pdf',
    'application/zip': 'zip wgt',
    'application/gzip': 'gz tgz',
    'application/x-tar': 'tar',
    'application/x-7z-compressed': '7z',
    'application/vnd.rar': 'rar',
    'application/vnd.android.package-archive': 'apk',
    'application/msword': 'doc',
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
    'application/vnd.ms-excel': 'xls',
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
    'application/vnd.ms-powerpoint': 'ppt',
    'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'pptx',
    'font/woff': 'woff',
    'font/woff2': 'woff2',
    'font/ttf': 'ttf',
    'font/otf': 'otf',
  }).flatMap(([type, endings]) => endings.split(' ').map((ending) => [ending, type] as const)),
)
