/// The letter that answers feedback.
extension LetterFrame {
  private struct Reply {
    var message: WrittenLines
    var messageText: String
    var reply: WrittenLines
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
        message: WrittenLines(feedback.message, linked: false),
        messageText: WrittenText.quoted(feedback.message),
        reply: WrittenLines(reply, linked: true),
        replyText: WrittenText.laidOut(reply),
        meeting: feedback.meeting.map { meeting in
          let slugs = meeting.split(separator: "/")
          return site.link("/councils/\(slugs.first ?? "")/meetings/\(slugs.last ?? "")")
        },
        site: site.name
      )
    )
  }
}
