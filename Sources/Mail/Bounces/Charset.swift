import Foundation

/// Text of any origin: there is always some.
enum Charset {
  /// - Parameter name: as a field names it.
  static func text(_ bytes: [UInt8], _ name: String?) -> String {
    // Shifted Japanese is 7-bit, so it passes for ASCII when nobody says what it is.
    if bytes.contains(0x1B), let text = String(bytes: bytes, encoding: .iso2022JP) { return text }
    let encoding: String.Encoding? =
      switch name?.lowercased() {
      case "shift_jis", "shift-jis", "sjis", "x-sjis", "windows-31j": .shiftJIS
      case "euc-jp", "x-euc-jp": .japaneseEUC
      case "windows-1251", "cp1251": .windowsCP1251
      case "windows-1250": .windowsCP1250
      case "windows-1252", "cp1252": .windowsCP1252
      case "iso-8859-2": .isoLatin2
      case "utf-16": .utf16
      default: nil
      }
    if let encoding, let text = String(bytes: bytes, encoding: encoding) { return text }
    return String(validating: bytes, as: UTF8.self) ?? String(decoding: bytes.map(UInt16.init), as: UTF16.self)
  }
}
