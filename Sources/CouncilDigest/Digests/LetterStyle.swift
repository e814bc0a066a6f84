/// Inline CSS of a letter, because many mail programs drop style sheets.
enum LetterStyle {
  static let elements = [
    "p": "margin:0 0 12px 0", "ul": "margin:0 0 12px 0;padding:0 0 0 20px",
    "ol": "margin:0 0 12px 0;padding:0 0 0 20px", "li": "margin:0 0 6px 0",
    "h3": "margin:20px 0 8px 0;font-size:18px;line-height:24px",
    "h4": "margin:20px 0 8px 0;font-size:17px;line-height:24px",
    "h5": "margin:16px 0 6px 0;font-size:16px;line-height:24px",
    "h6": "margin:16px 0 6px 0;font-size:16px;line-height:24px",
    "a": "color:#0b5c6b;text-decoration:underline",
    "blockquote": "margin:0 0 12px 0;padding:0 0 0 12px;border-left:3px solid #8a949e",
    "pre": "margin:0 0 12px 0;white-space:pre-wrap;font-family:monospace", "code": "font-family:monospace",
  ]

  static let mark = "background-color:#f6e3a1;color:#1b2430"
}
