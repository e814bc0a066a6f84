import Markdown

/// The letter that answers feedback.
extension LetterFrame {
  private struct Reply {
    var message: String
    var messageText: String
    var reply: String
    var replyText: String
    /// The page of the meeting it was about.
    var meeting: String?
    var site: String
  }

  func reply(_ reply: String, to feedback: Feedback) throws -> LetterBody {
    try body(
      "feedback-reply",
      .init(
        subject: "About your message to \(site.name)",
        preheader: "We have read it, and this is our answer.",
        reason: "You wrote to us on our web page and left this address for an answer."
      ),
      Reply(
        message: feedback.message,
        messageText: Self.wrappedLines(of: feedback.message, width: 70).map { $0.isEmpty ? ">" : "> \($0)" }
          .joined(separator: "\n"),
        reply: reply,
        replyText: Self.wrappedLines(of: reply, width: 72).joined(separator: "\n"),
        meeting: feedback.meeting.map { meeting in
          let slugs = meeting.split(separator: "/")
          return site.link("/councils/\(slugs.first ?? "")/meetings/\(slugs.last ?? "")")
        },
        site: site.name
      )
    )
  }

  /// What people wrote keeps its lines.
  private static func wrappedLines(of text: String, width: Int) -> [Substring] {
    text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { TextWrap.wrap(String($0), width: width) }.joined(separator: "\n")
      .split(separator: "\n", omittingEmptySubsequences: false)
  }
}
