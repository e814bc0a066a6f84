import HTTPServer
import Markdown

/// The letters that answer a topic request.
extension LetterFrame {
  fileprivate struct Answer {
    var quoted: String
    var quotedText: String
    var request: WrittenLines
    var requestText: String
    var reply: WrittenLines?
    var replyText: String?
    var found: String?
    var foundText: String?
    var link: String
    var site: String
  }

  /// - Parameter meetings: what the query would have found in the last twelve months.
  func accepted(_ request: TopicRequest, _ query: TopicQuery, reply: String?, meetings: Int) throws -> LetterBody {
    try body(
      "topic-accepted",
      .init(
        subject: "You now get updates on what you asked for",
        preheader: "Your topic request was accepted.",
        reason: "You asked us for updates on a topic and confirmed it.",
        unsubscribeLink: LetterBody.Slot.unsubscribe.marker,
        preferencesLink: LetterBody.Slot.preferences.marker
      ),
      answer(
        request,
        TopicQuery.quoted(query.description),
        reply: reply,
        found: meetings == 0
          ? "It found nothing in the last 12 months."
          : "It would have found \(meetings) \(meetings == 1 ? "meeting" : "meetings") in the last 12 months.",
        link: "/query?q=\(percentEncoded(query.description))"
      )
    )
  }

  func declined(_ request: TopicRequest, reply: String) throws -> LetterBody {
    try body(
      "topic-declined",
      .init(
        subject: "About your topic request",
        preheader: "We can’t set up the updates you asked for.",
        reason: "You asked us for updates on a topic and confirmed it."
      ),
      answer(request, "", reply: reply, found: nil, link: "/query")
    )
  }

  private func answer(
    _ request: TopicRequest,
    _ quoted: String,
    reply: String?,
    found: String?,
    link path: String
  ) -> Answer {
    Answer(
      quoted: quoted,
      quotedText: TextWrap.wrap(quoted, width: 72),
      request: WrittenLines(request.request, linked: false),
      requestText: WrittenText.quoted(request.request),
      reply: reply.map { WrittenLines($0, linked: true) },
      replyText: reply.map(WrittenText.laidOut),
      found: found,
      foundText: found.map { TextWrap.wrap("\($0) See what it finds:", width: 72) },
      link: site.link(path),
      site: site.name
    )
  }
}
