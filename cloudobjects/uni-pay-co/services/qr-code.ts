/** A code to be scanned, as an image for pages. */

/** @returns `data:image/png;base64,…` of 200 by 200 */
export async function qrCodeImage(text: string): Promise<string> {
  // Loaded when first needed: most payments have no code.
  const QRCode = require('qrcode') as typeof import('qrcode')
  return await QRCode.toDataURL(text, { width: 200, margin: 1, errorCorrectionLevel: 'Q' })
}
