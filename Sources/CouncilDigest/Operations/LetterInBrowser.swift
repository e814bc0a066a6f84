import HTTPServer
import HTTPTypes
import Mail

/// A letter as a page shows it: what a mail program would, with its text part and header fields below.
struct LetterInBrowser: Sendable {
  struct Field: Sendable {
    var name: String
    var value: String
  }

  var subject: String
  var from: String
  var to: String
  var date: String
  /// Where its HTML part stands alone.
  var frame: String
  var text: String
  var fields: [Field]
  var back: String
  var backLabel: String

  /// - Parameter back: the page that it was opened from.
  init(_ letter: ReceivedLetter, frame: String, back: String, backLabel: String) {
    subject = letter.first("subject") ?? ""
    from = letter.first("from") ?? ""
    to = letter.first("to") ?? ""
    date = letter.first("date") ?? ""
    self.frame = frame
    text = letter.text
    fields = letter.fields.map { Field(name: $0.name, value: $0.value) }
    self.back = back
    self.backLabel = backLabel
  }

  /// Of the page: it has a frame of our own.
  static let policy =
    "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; "
    + "frame-ancestors 'none'"

  /// The HTML part alone, for the frame: inline styles are a letter's way, scripts are nobody's.
  /// - Parameter followsLinks: whether a press on a link leaves the page; the links of somebody else's letter are theirs.
  static func html(of letter: ReceivedLetter, followsLinks: Bool) -> Response {
    let html =
      followsLinks
      ? letter.html.replacing("<head>", with: "<head><base target=\"_top\">", maxReplacements: 1) : letter.html
    return Response(
      status: .ok,
      fields: [
        .contentType: "text/html; charset=utf-8", .cacheControl: "no-store",
        .contentSecurityPolicy:
          "default-src 'none'; style-src 'unsafe-inline'; base-uri 'self'; frame-ancestors 'self'; sandbox"
          + (followsLinks ? " allow-top-navigation-by-user-activation" : ""),
      ],
      body: Array(html.utf8)
    )
  }
}
