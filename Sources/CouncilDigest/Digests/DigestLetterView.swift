import Markdown

/// An edition as the templates of its letter want it: each text also wrapped for the plain part.
struct DigestLetterView {
  struct Match {
    var label: String
    var html: String
    var text: String
    var fewerLink: String?
  }

  struct Item {
    var title: String
    var date: String
    var link: String
    var reason: String?
    var reasonText: String?
    var matches: [Match]
    var titleText: String
    var titleUnderline: String
    var text: String?
    var html: String?
    var headings: [String]
    var headingLines: [String]
    var hasHeadings: Bool
    var isCancelled: Bool
  }

  struct Upcoming {
    var title: String
    var date: String
    var link: String
    var isCancelled: Bool
    var line: String
  }

  struct Section {
    var council: String
    var underline: String
    var link: String
    var items: [Item]
    var omitted: String?
    var quiet: String?
    var quietText: String?
    var upcoming: [Upcoming]
    var hasUpcoming: Bool
  }

  struct Correction {
    var title: String
    var titleText: String
    var date: String
    var link: String
    var text: String
    var wrapped: String
  }

  var sections: [Section]
  var corrections: [Correction]
  var hasCorrections: Bool
  var unmatched: String?
  var unmatchedText: String?
  var isShortened: Bool
  /// Nil in a test letter, which has no page and says that it is one.
  var browserLink: String?
  var unsubscribe: String

  init(_ view: EditionView, _ site: SiteIdentity, address: String?, isShortened: Bool) {
    sections = view.sections.map(Section.init)
    corrections = view.corrections.map { correction in
      Correction(
        title: correction.title,
        titleText: Self.wrap(correction.title),
        date: correction.date,
        link: correction.link,
        text: correction.text,
        wrapped: Self.wrap(correction.text)
      )
    }
    hasCorrections = !corrections.isEmpty
    let names = view.unmatched.map { $0.isOwnQuery ? TopicQuery.quoted($0.name) : $0.name }
    unmatched = names.isEmpty ? nil : "Nothing new this week about \(names.inProse())."
    unmatchedText = unmatched.map { Self.wrap($0) }
    self.isShortened = isShortened
    browserLink = address.map { site.link("/digests/\($0)") }
    unsubscribe = LetterBody.Slot.unsubscribe.marker
  }

  fileprivate static func wrap(_ text: String, width: Int = 72) -> String { TextWrap.wrap(text, width: width) }

  /// Continuation lines stand under the first word after the hyphen.
  fileprivate static func listLine(_ text: String) -> String {
    wrap(text, width: 70).replacing("\n", with: "\n  ")
  }
}

extension DigestLetterView.Section {
  fileprivate init(_ section: EditionView.Section) {
    council = section.council
    underline = String(repeating: "=", count: min(72, section.council.count))
    link = section.link
    items = section.items.map(DigestLetterView.Item.init)
    omitted =
      section.omitted == 0
      ? nil
      : "\(section.omitted) \(section.items.isEmpty ? "" : "more ")\(section.omitted == 1 ? "summary is" : "summaries are") on the council’s page."
    quiet = section.quiet
    quietText = section.quiet.map { DigestLetterView.wrap($0) }
    upcoming = section.upcoming.map { meeting in
      let note = meeting.isCancelled ? " (cancelled)" : ""
      return .init(
        title: meeting.title,
        date: meeting.date,
        link: meeting.link,
        isCancelled: meeting.isCancelled,
        line: DigestLetterView.listLine("\(meeting.date): \(meeting.title)\(note)")
      )
    }
    hasUpcoming = !section.upcoming.isEmpty
  }
}

extension DigestLetterView.Item {
  fileprivate init(_ item: EditionView.Item) {
    title = item.title
    date = item.date
    link = item.link
    reason = item.reason
    reasonText = item.reason.map { DigestLetterView.wrap($0 + ".") }
    matches = item.matches.map { match in
      let label =
        (match.isInTranscript ? "Its transcript " : "It ")
        + (match.interest.isOwnQuery
          ? "matches \(TopicQuery.quoted(match.interest.name))"
          : "\(match.isInTranscript ? "speaks of" : "is about") \(match.interest.name)")
      return .init(
        label: label,
        html: match.extract.html(markStyle: LetterStyle.mark),
        text: DigestLetterView.wrap("\(label): “\(match.extract.text)”"),
        fewerLink: match.fewerLink
      )
    }
    titleText = DigestLetterView.wrap(item.title)
    titleUnderline = String(repeating: "-", count: min(72, item.title.count))
    text = item.text
    html = item.html
    headings = item.headings
    headingLines = item.headings.map { DigestLetterView.listLine($0) }
    hasHeadings = !item.headings.isEmpty
    isCancelled = item.isCancelled
  }
}
