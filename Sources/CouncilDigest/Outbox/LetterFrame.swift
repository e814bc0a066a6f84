import Foundation
import Markdown

/// Puts the content of a letter into the frame all letters share. Letters are template files: `letters/NAME.text` and
/// `letters/NAME.html` inside `letters/frame.text` and `letters/frame.html`.
struct LetterFrame: Sendable {
  let templates: Templates
  let site: SiteIdentity

  /// What a letter is about, beside its own context.
  struct Heading {
    var subject: String
    /// Shown by mail programs after the subject.
    var preheader: String
    /// Why the reader has this letter, as a sentence.
    var reason: String
    /// A link to leave, in letters that come regularly.
    var unsubscribeLink: String?
    /// A link to change what comes, in the same letters.
    var preferencesLink: String?
  }

  func body(_ name: String, _ heading: Heading, _ context: Any) throws -> LetterBody {
    let text = try templates.render("letters/\(name).text", context)
    let html = try templates.render("letters/\(name).html", context)
    return LetterBody(
      subject: heading.subject,
      text: try templates.render("letters/frame.text", frame(heading, content: text)),
      html: try templates.render("letters/frame.html", frame(heading, content: html))
    )
  }

  private func frame(_ heading: Heading, content: String) -> FrameView {
    FrameView(
      subject: heading.subject,
      preheader: heading.preheader,
      reason: heading.reason,
      reasonText: TextWrap.wrap(heading.reason, width: 72),
      unsubscribe: heading.unsubscribeLink,
      preferences: heading.preferencesLink,
      content: content,
      site: site.name,
      home: site.link("/"),
      privacy: site.link("/privacy"),
      contact: site.contactEmail,
      operatorName: site.operatorName
    )
  }
}

private struct FrameView {
  var subject: String
  var preheader: String
  var reason: String
  var reasonText: String
  var unsubscribe: String?
  var preferences: String?
  var content: String
  var site: String
  var home: String
  var privacy: String
  var contact: String
  var operatorName: String?
}
