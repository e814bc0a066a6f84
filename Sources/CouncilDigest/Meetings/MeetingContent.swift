import Foundation

/// What a meeting's page and letters show: the part of a meeting that is kept for ever in its revisions.
struct MeetingContent: Codable, Equatable, Sendable {
  enum Status: String, Codable, CaseIterable, Sendable {
    case scheduled, held, cancelled
  }

  struct Attendee: Codable, Equatable, Sendable {
    var name: String
    var role: String?
    var attendance: String?
  }

  struct Document: Codable, Equatable, Sendable {
    enum Kind: String, Codable, CaseIterable, Sendable {
      case agenda, minutes
      case reportsPack = "reports-pack"
      case additional
    }

    var title: String
    var url: String
    var kind: Kind
  }

  var committee: String
  /// RFC 3339, as the operator wrote it.
  var startsAt: String
  var endsAt: String?
  var location: String?
  var status: Status
  var councilUrl: String?
  var videoUrl: String?
  /// Markdown.
  var summary: String?
  var attendees: [Attendee]
  var documents: [Document]

  static let maximumSummaryBytes = 65_536
  static let maximumTranscriptBytes = 4_194_304
  static let maximumEntries = 500
}

extension MeetingContent {
  var start: Date { RFC3339(startsAt)?.date ?? .distantPast }
  var end: Date? { endsAt.flatMap(RFC3339.init)?.date }

  static func decode(_ json: String) throws -> MeetingContent {
    try JSONDecoder().decode(MeetingContent.self, from: Data(json.utf8))
  }

  /// The same content is always the same text.
  func encoded() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}

/// A meeting as it was PUT: its content, and what is kept beside it.
struct MeetingInput: Equatable, Sendable {
  var content: MeetingContent
  var committeeSlug: Slug
  var transcript: String?
  var publishedAt: Date?
  var notify: Bool?
  /// What was wrong with the text before, for readers who were mailed it.
  var correction: String?
}

extension MeetingInput {
  init(json: JSONInput) throws {
    var input = json
    let committee = input.string("committee", required: true, maximum: 300) ?? ""
    let slug = Slug(naming: committee)
    if !committee.isEmpty, slug == nil {
      input.refuse("committee", Slug.problem(naming: committee))
    }
    let starts = input.time("starts_at", required: true)
    let ends = input.time("ends_at")
    if let starts, let ends, ends.date < starts.date { input.refuse("ends_at", "Before starts_at") }
    content = MeetingContent(
      committee: committee,
      startsAt: starts?.text ?? "",
      endsAt: ends?.text,
      location: input.string("location"),
      status: input.choice("status", MeetingContent.Status.self) ?? .scheduled,
      councilUrl: input.link("council_url"),
      videoUrl: input.link("video_url"),
      summary: input.string("summary", maximum: MeetingContent.maximumSummaryBytes, isMultiline: true),
      attendees: input.objects("attendees", maximum: MeetingContent.maximumEntries, Self.attendee),
      documents: input.objects("documents", maximum: MeetingContent.maximumEntries, Self.document)
    )
    transcript = input.string("transcript", maximum: MeetingContent.maximumTranscriptBytes, isMultiline: true)
    publishedAt = input.time("published_at")?.date
    notify = input.bool("notify")
    correction = input.string("correction", maximum: 2_000, isMultiline: true)
    if let slug { input.confirm("committee_slug", is: slug.description, by: "The committee’s name") }
    input.ignore("topics", "committee_slug")
    try input.finish()
    guard let slug else { throw Refusal.invalid([FieldProblem("/committee", "Required")]) }
    committeeSlug = slug
  }

  private static func attendee(_ input: inout JSONInput) -> MeetingContent.Attendee? {
    let name = input.string("name", required: true, maximum: 200)
    let role = input.string("role", maximum: 300)
    let attendance = input.string("attendance", maximum: 60)
    return name.map { MeetingContent.Attendee(name: $0, role: role, attendance: attendance) }
  }

  private static func document(_ input: inout JSONInput) -> MeetingContent.Document? {
    let title = input.string("title", required: true, maximum: 500)
    let url = input.link("url", required: true)
    let kind = input.choice("kind", MeetingContent.Document.Kind.self) ?? .additional
    guard let title, let url else { return nil }
    return MeetingContent.Document(title: title, url: url, kind: kind)
  }
}
